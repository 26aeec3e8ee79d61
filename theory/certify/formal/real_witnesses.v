(* The theorems over the real numbers say something: strict somewhere, hypotheses that can be met, mutants refuted. *)
From Coq Require Import ZArith Reals Lra Lia.
From mathcomp Require Import all_ssreflect.
From factbound Require Import compute world monotone binomial witnesses exponential half_mean softmax extraction real_twins.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope R_scope.

Lemma one_of_two (T : {set 'I_2}) : #|T| = 1%N -> real_prob 1 (some_unseen T : pred (world 1 2)) = 1 / 2.
Proof. by move/real_some_unseen => ->; rewrite /real_fraction /=; lra. Qed.

(* (d) The exponential union bound. *)
Lemma exponential_strict : exists T : {set 'I_2}, #|T| = 1%N /\
  real_prob 1 (some_unseen T : pred (world 1 2)) < Rmin 1 (INR 1 * exp (- (INR 1 * INR 1 / INR 2))).
Proof.
have [T own] := @own_exists 1 2 isT; exists T; split=> //; rewrite (one_of_two own) /=.
have := @exp_ineq1 (- (1 * 1 / (1 + 1))); move=> strict.
by apply: Rmin_glb_lt; [lra | have := strict ltac:(lra); lra].
Qed.

Lemma exponential_twice_the_facts : ~ forall N K M (T : {set 'I_M}), (0 < M)%N -> #|T| = K ->
  real_prob K (some_unseen T : pred (world N M)) <= Rmin 1 (INR K * exp (- (2 * INR N * INR K / INR M))).
Proof.
move=> mutant; have [T own] := @own_exists 1 2 isT; move: (mutant 1%N 1%N 2%N T isT own); rewrite (one_of_two own) /=.
move=> le; have := Rle_trans _ _ _ le (Rmin_r _ _).
have -> : - (2 * 1 * 1 / (1 + 1)) = - (1) by field.
have := @exp_ineq1 1 ltac:(lra); have := exp_pos (- (1)); have : exp 1 * exp (- (1)) = 1 by rewrite -exp_plus Rplus_opp_r exp_0.
by nra.
Qed.

Lemma exponential_not_strict : ~ forall N K M (T : {set 'I_M}), (0 < M)%N -> #|T| = K ->
  real_prob K (some_unseen T : pred (world N M)) < Rmin 1 (INR K * exp (- (INR N * INR K / INR M))).
Proof.
move=> mutant; have [T own] := @own_exists 1 2 isT; move: (mutant 0%N 1%N 2%N T isT own).
rewrite (real_some_unseen 0 own) /real_fraction /= => lt.
by have := Rlt_le_trans _ _ _ lt (Rmin_l _ _); lra.
Qed.

(* The half-mean tail. *)
Lemma half_mean_strict (r : 'I_2) :
  real_prob 2 (half_covered 2 r : pred (world 1 2)) < exp (- (INR 1 * INR 2 ^ 2 / (2 * INR 2 ^ 2))).
Proof.
have -> : real_prob 2 (half_covered 2 r : pred (world 1 2)) = 0; last exact: exp_pos.
rewrite /real_prob (_ : among_worlds _ _ = set0) ?cards0 /=; first by rewrite /Rdiv Rmult_0_l.
apply/setP => w; rewrite !inE; apply/negP => /andP[/forallP/(_ ord0)]; rewrite inE => full.
have rw : r \in w ord0.
  have -> : w ord0 = setT by apply/eqP; rewrite eqEcard subsetT cardsT card_ord (eqP full).
  by rewrite inE.
by rewrite /half_covered coverageE big_ord_recl big_ord0 rw.
Qed.

Lemma half_mean_not_strict : ~ forall N K M (r : 'I_M), (K <= M)%N ->
  real_prob K (half_covered K r : pred (world N M)) < exp (- (INR N * INR K ^ 2 / (2 * INR M ^ 2))).
Proof.
move=> mutant; move: (mutant 0%N 1%N 1%N ord0 isT).
have -> : - (INR 0 * INR 1 ^ 2 / (2 * INR 1 ^ 2)) = 0 by rewrite /=; field.
rewrite exp_0 /real_prob (_ : among_worlds _ _ = worlds 0 1 1); last first.
  by apply/setP => w; rewrite !inE /half_covered coverageE big_ord0 muln0 andbT.
by have := INR_gt0 (worlds_gt0 0 (isT : 1 <= 1)%N); rewrite /Rdiv => n0; rewrite Rinv_r; lra.
Qed.

Lemma exp_double a x : a <= exp x -> 0 <= a -> a * a <= exp (x + x).
Proof. by move=> ax a0; rewrite exp_plus; apply: Rmult_le_compat. Qed.

(* Without the 1/2 in the exponent: at N = 6, K = 2, M = 3 the coverage is 2 with probability 60/729 > exp(-8/3). *)
Lemma half_mean_without_half : ~ forall N K M (r : 'I_M), (K <= M)%N ->
  real_prob K (half_covered K r : pred (world N M)) <= exp (- (INR N * INR K ^ 2 / (INR M ^ 2))).
Proof.
move=> mutant; pose r : 'I_3 := ord0; move: (mutant 6%N 2%N 3%N r isT).
have -> : - (INR 6 * INR 2 ^ 2 / (INR 3 ^ 2)) = - (8 / 3) by rewrite /=; field.
have part : INR 60 <= INR #|among_worlds 2 (half_covered 2 r : pred (world 6 3))|.
  apply: INR_le_of_leq; have <- : #|with_coverage 2 r 6 2%N| = 60%N.
    rewrite card_with_coverage // card_avoiding; have := card_showing 2 r.
    by rewrite /= (_ : 'C(3, 2) = 3%N) // (_ : 'C(2, 2) = 1%N) // addn1 => -[->].
  by apply/subset_leq_card/subsetP => w; rewrite !inE /half_covered => /andP[-> /eqP ->].
have all : INR #|worlds 6 2 3| = 729.
  have -> : #|worlds 6 2 3| = (27 * 27)%N by rewrite card_worlds (_ : 'C(3, 2) = 3%N).
  by rewrite mult_INR /=; lra.
have e : 129 / 10 < exp (8 / 3).
  have e1 : 13 / 12 <= exp (1 / 12) by have := exp_ineq1_le (1 / 12); lra.
  have e2 : 11736 / 10000 <= exp (1 / 6) by have := exp_double e1 ltac:(lra); rewrite (_ : 1 / 12 + 1 / 12 = 1 / 6); lra.
  have e3 : 13773 / 10000 <= exp (1 / 3) by have := exp_double e2 ltac:(lra); rewrite (_ : 1 / 6 + 1 / 6 = 1 / 3); lra.
  have e4 : 18969 / 10000 <= exp (2 / 3) by have := exp_double e3 ltac:(lra); rewrite (_ : 1 / 3 + 1 / 3 = 2 / 3); lra.
  have e5 : 3598 / 1000 <= exp (4 / 3) by have := exp_double e4 ltac:(lra); rewrite (_ : 2 / 3 + 2 / 3 = 4 / 3); lra.
  by have := exp_double e5 ltac:(lra); rewrite (_ : 4 / 3 + 4 / 3 = 8 / 3); lra.
rewrite /real_prob all => le.
have inverse : exp (8 / 3) * exp (- (8 / 3)) = 1 by rewrite -exp_plus Rplus_opp_r exp_0.
have sixty : INR 60 = 60 by rewrite INR_IZR_INZ.
by have := exp_pos (- (8 / 3)); nra.
Qed.

(* The linear memory, with three tokens and one tuned fact. *)
Definition v0 : 'I_3 := ord0.
Definition v1 : 'I_3 := lift ord0 ord0.
Definition v2 : 'I_3 := lift ord0 (lift ord0 ord0).

Lemma softmax3 (F : 'I_3 -> R) v x y z : F v0 = x -> F v1 = y -> F v2 = z ->
  softmax F v = exp (F v) / (exp x + (exp y + exp z)).
Proof. by move=> <- <- <-; rewrite /softmax !big_ord_recl big_ord0 Rplus_0_r. Qed.

(* What one step of a size does to the prompt's logits of the tokens 0 and 1, where 2 is the tuned fact's answer. *)
Lemma one_step (u : 'I_1 -> 'I_3 -> R) size x y z : u ord0 v0 = x -> u ord0 v1 = y -> u ord0 v2 = z ->
  let m := tuned u (fun _ => v2) (fun _ => size) 1 in
  prompt m v0 - prompt m v1
  = - (size / 2) * ((exp (x / 2) - exp (y / 2)) / (exp (x / 2) + (exp (y / 2) + exp (z / 2)))).
Proof.
move=> ux uy uz m; rewrite /m /= card_ord !big_ord_recl !big_ord0 /residual /=.
have half v : logit u (Memory (fun _ _ => 0) (fun _ => 0)) ord0 v = u ord0 v / 2 by rewrite /logit /=; field.
rewrite !(softmax3 _ (half v0) (half v1) (half v2)) !half ux uy uz.
have := exp_pos (x / 2); have := exp_pos (y / 2); have := exp_pos (z / 2) => ez ey ex.
by field; lra.
Qed.

(* A run whose held-out fact is answered rightly: its one template is covered, and one step of size 8 lowers that
   template below the answer. So the premises do not make every answer wrong. *)
Lemma extracted_run : inhabited (run ([ffun _ => setT] : world 1 1) setT false).
Proof.
pose votes (_ : 'I_1) (v : 'I_3) : R := if v == v0 then 1 else 0.
pose own (v : 'I_3) : R := if v == v0 then 1 / 10 else 0.
split; apply: (@Run _ _ _ _ _ [finType of 'I_3] (fun _ => v0) v1 (fun _ => v2) votes own (fun _ => 8) 1%N) => //.
- by move=> _; lra.
- move=> _ r _; rewrite /held_out_logit.
  have := @one_step votes 8 1 0 0 erefl erefl erefl; set m := tuned _ _ _ _ => moved.
  suff : prompt m v0 - prompt m v1 < - (1 / 10) by rewrite /own /=; lra.
  rewrite moved; have -> : exp (0 / 2) = 1 by rewrite /Rdiv Rmult_0_l exp_0.
  have e := exp_ineq1_le (1 / 2); set x := exp (1 / 2) in e *.
  have : 1 / 7 <= (x - 1) / (x + (1 + 1)); last by lra.
  have whole : (x - 1) / (x + (1 + 1)) * (x + (1 + 1)) = x - 1 by field; lra.
  by apply: (Rmult_le_reg_r (x + (1 + 1))); lra.
- by move=> r _; rewrite /own /=; lra.
by move=> r s _; rewrite ffunE inE.
Qed.

(* With steps up to 16 a fact that slightly prefers 0 to 1 overshoots. *)
Lemma prompt_bound_twice_the_step : ~ forall (Q V : finType) (u : Q -> V -> R) (answer : Q -> V) (eta : nat -> R),
  (forall t, 0 <= eta t <= 16) -> forall (v w : V) (gamma : R) t,
  v != w -> (forall s, v != answer s) -> (forall s, w != answer s) ->
  0 <= gamma -> (forall s, u s v - u s w <= gamma) ->
  - gamma <= prompt (tuned u answer eta t) v - prompt (tuned u answer eta t) w.
Proof.
move=> mutant; pose u (_ : 'I_1) (v : 'I_3) : R := if v == v0 then 1 / 10 else if v == v1 then 0 else - 20.
have size (t : nat) : 0 <= 16 <= 16 by lra.
have gamma0 : 0 <= 1 / 10 by lra.
have prefers s : u s v0 - u s v1 <= 1 / 10 by rewrite /u /=; lra.
have := mutant _ _ u (fun _ => v2) (fun _ => 16) size v0 v1 (1 / 10) 1%N isT (fun _ => isT) (fun _ => isT) gamma0 prefers.
rewrite (@one_step u 16 (1 / 10) 0 (- 20) erefl erefl erefl).
have -> : exp (0 / 2) = 1 by rewrite /Rdiv Rmult_0_l exp_0.
have e := exp_ineq1_le (1 / 10 / 2); set x := exp (1 / 10 / 2) in e *.
have d := exp_pos (- 20 / 2); have d1 : exp (- 20 / 2) < 1 by rewrite -exp_0; apply: exp_increasing; lra.
move: (exp (- 20 / 2)) d d1 => y d d1 bound.
have : (x - 1) / (x + (1 + y)) * (x + (1 + y)) = x - 1 by field; lra.
by nra.
Qed.

(* Without the premise that the held-out fact prefers its template to its answer. *)
Lemma without_own_templates_first : ~ forall (Q V : finType) (u : Q -> V -> R) (answer : Q -> V) (eta : nat -> R),
  (forall t, 0 <= eta t <= 8) -> forall (own : V -> R) (r a : V) t,
  r != a -> (forall s, r != answer s) -> (forall s, a != answer s) -> (forall s, u s r - u s a <= own r - own a) ->
  held_out_logit u answer eta own t a <= held_out_logit u answer eta own t r.
Proof.
move=> mutant; pose own (v : 'I_3) : R := if v == v1 then 1 else 0.
have size (t : nat) : 0 <= 0 <= 8 by lra.
have prefers (s : 'I_1) : own v0 - own v1 <= own v0 - own v1 by lra.
have := mutant _ _ (fun _ => own) (fun _ => v2) (fun _ => 0) size own v0 v1 0%N isT (fun _ => isT) (fun _ => isT) prefers.
by rewrite /held_out_logit /own /=; lra.
Qed.

(* The mean error, with one fact and one template: there is one world, and its template is covered. *)
Lemma one_world w : w \in worlds 1 1 1 -> w = [ffun _ => setT].
Proof.
rewrite inE => /forallP size; apply/ffunP => s; rewrite ffunE; move: (size s); rewrite inE => full.
by apply/eqP; rewrite eqEcard subsetT cardsT card_ord (eqP full).
Qed.

Lemma own_one : #|[set: 'I_1]| = 1%N.
Proof. by rewrite cardsT card_ord. Qed.

Lemma runs_without_error w : w \in worlds 1 1 1 -> inhabited (run w setT ((pred0 : pred (world 1 1)) w)).
Proof. by move/one_world ->; apply: extracted_run. Qed.

Lemma no_mean_error : real_prob 1 (pred0 : pred (world 1 1)) = 0.
Proof.
rewrite /real_prob (_ : among_worlds _ _ = set0) ?cards0 /=; first by rewrite /Rdiv Rmult_0_l.
by apply/setP => w; rewrite !inE andbF.
Qed.

Lemma mean_error_one_fact_less : ~ forall N K M (T : {set 'I_M}) (errs : pred (world N M)), #|T| = K ->
  (forall w, w \in worlds N K M -> inhabited (run w T (errs w))) ->
  real_fraction (some_unseen_twin N.-1 K M) <= real_prob K errs.
Proof.
move=> mutant; have := mutant 1%N 1%N 1%N setT pred0 own_one runs_without_error.
by rewrite no_mean_error /real_fraction /=; lra.
Qed.

Lemma mean_error_not_strict : ~ forall N K M (T : {set 'I_M}) (errs : pred (world N M)), #|T| = K ->
  (forall w, w \in worlds N K M -> inhabited (run w T (errs w))) ->
  real_fraction (some_unseen_twin N K M) < real_prob K errs.
Proof.
move=> mutant; have := mutant 1%N 1%N 1%N setT pred0 own_one runs_without_error.
by rewrite no_mean_error /real_fraction /=; lra.
Qed.

(* A run that answers wrongly although its template is covered: then the mean error is above the law. *)
Lemma mean_error_strict : exists (T : {set 'I_1}) (errs : pred (world 1 1)), [/\ #|T| = 1%N,
  forall w, w \in worlds 1 1 1 -> inhabited (run w T (errs w)) &
  real_fraction (some_unseen_twin 1 1 1) < real_prob 1 errs].
Proof.
exists setT, predT; split; first exact: own_one.
  move=> w _; split; apply: (@Run _ _ _ _ _ [finType of 'I_3] (fun _ => v0) v1 (fun _ => v2)
    (fun _ _ => 0) (fun _ => 0) (fun _ => 0) 0%N) => //; by move=> *; lra.
have n0 := INR_gt0 (worlds_gt0 1 (isT : 1 <= 1)%N).
rewrite /real_prob (_ : among_worlds _ _ = worlds 1 1 1); last by apply/setP => w; rewrite !inE andbT.
by rewrite /Rdiv Rinv_r; [rewrite /real_fraction /=; lra | lra].
Qed.
