(* The linear memory extracts nothing that fine-tuning does not cover.

   Q are the fine-tuned facts, V the tokens, u s v the logit of token v at [s] after pre-training. Fine-tuning adds
   E s to the column of subject s and P to that of the prompt. The logits at [s, p] are half the sum of both columns.
   A full-batch gradient step of size eta moves the column of s by -h (softmax - target), h = eta / (2n), and the
   prompt's column by the sum of these. (That this is the gradient is step 1 of the page; here it is the definition.) *)
From Coq Require Import Reals Lra.
From mathcomp Require Import all_ssreflect.
From factbound Require Import world monotone exponential half_mean softmax.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope R_scope.

Section FineTuning.
Variables (Q V : finType) (u : Q -> V -> R) (answer : Q -> V) (eta : nat -> R).

Record memory := Memory { subject : Q -> V -> R; prompt : V -> R }.

Definition logit (m : memory) s v := (u s v + subject m s v + prompt m v) / 2.

Definition residual (m : memory) s v := softmax (logit m s) v - (if v == answer s then 1 else 0).

Definition step (h : R) (m : memory) : memory :=
  Memory (fun s v => subject m s v - h * residual m s v)
         (fun v => prompt m v - h * \big[Rplus/0]_s residual m s v).

Fixpoint tuned (t : nat) : memory :=
  if t is t'.+1 then step (eta t' / (2 * INR #|Q|)) (tuned t') else Memory (fun _ _ => 0) (fun _ => 0).

Hypothesis step_size : forall t, 0 <= eta t <= 8.

(* A maximum principle: the prompt never lowers v against w by more than the strongest preference for v over w
   among the fine-tuned facts. *)
Theorem prompt_bound (v w : V) (gamma : R) t :
  v != w -> (forall s, v != answer s) -> (forall s, w != answer s) ->
  0 <= gamma -> (forall s, u s v - u s w <= gamma) -> - gamma <= prompt (tuned t) v - prompt (tuned t) w.
Proof.
move=> vw va wa gamma0 votes.
pose X t := prompt (tuned t) v - prompt (tuned t) w.
pose b t s := - (u s v - u s w) - (subject (tuned t) s v - subject (tuned t) s w).
suff [] : - gamma <= X t /\ forall s, - gamma <= b t s by [].
elim: t => [|t [IHX IHb]]; first by rewrite /X /b /=; split=> [|s]; [lra | have := votes s; lra].
pose d s := residual (tuned t) s v - residual (tuned t) s w.
have dE s : d s = softmax (logit (tuned t) s) v - softmax (logit (tuned t) s) w.
  by rewrite /d /residual (negbTE (va s)) (negbTE (wa s)); lra.
have gap s : logit (tuned t) s v - logit (tuned t) s w = (X t - b t s) / 2 by rewrite /logit /X /b; lra.
have up s : d s <= (X t + gamma) / 4.
  rewrite dE; case: (Rle_lt_dec (logit (tuned t) s w) (logit (tuned t) s v)) => [le | lt].
    by have [_] := softmax_difference vw le; rewrite gap; have := IHb s; lra.
  by have wv : w != v by [rewrite eq_sym]; have [] := softmax_difference wv (Rlt_le _ _ lt); lra.
have down s : - (b t s + gamma) / 4 <= d s.
  rewrite dE; case: (Rle_lt_dec (logit (tuned t) s w) (logit (tuned t) s v)) => [le | lt].
    by have [+ _] := softmax_difference vw le; have := IHb s; lra.
  by have wv : w != v by [rewrite eq_sym]; have [_] := softmax_difference wv (Rlt_le _ _ lt); have := gap s; lra.
have [eta0 eta8] := step_size t; set h := eta t / (2 * INR #|Q|).
have sum_d : prompt (tuned t.+1) v - prompt (tuned t.+1) w = X t - h * \big[Rplus/0]_s d s.
  rewrite /= -/h /X; have -> : \big[Rplus/0]_s d s = \big[Rplus/0]_s residual (tuned t) s v - \big[Rplus/0]_s residual (tuned t) s w.
    apply: (big_ind3 (fun x y z => x = y - z)) => [|x y z x' y' z' -> ->|s _]; rewrite /d; lra.
  by lra.
have b_next s : b t.+1 s = b t s + h * d s by rewrite /b /= -/h /d; lra.
case: (posnP #|Q|) => [empty | n0].
  have none (s : Q) : False by move/card0_eq/(_ s): empty.
  by split=> [|s]; [rewrite /X sum_d big_pred0 ?Rmult_0_r; [lra | move=> s; case: (none s)] | case: (none s)].
have n0' := INR_gt0 n0.
have h0 : 0 <= h by apply: Rmult_le_pos => //; apply/Rlt_le/Rinv_0_lt_compat; lra.
have hn : h * INR #|Q| = eta t / 2 by rewrite /h; field; lra.
have h4 : h <= 4.
  have n1 : 1 <= INR #|Q| by have := INR_le_of_leq n0.
  have : h * 1 <= h * INR #|Q| by apply: Rmult_le_compat_l.
  by lra.
split=> [|s].
  rewrite /X sum_d; have bound : \big[Rplus/0]_s d s <= INR #|Q| * ((X t + gamma) / 4).
    have -> : INR #|Q| * ((X t + gamma) / 4) = \big[Rplus/0]_(s : Q) ((X t + gamma) / 4).
      by rewrite -(cardsT Q) -sum_const; apply: eq_bigl => s; rewrite inE.
    by apply: (big_ind2 Rle) => // [|x y x' y']; lra.
  have scaled := Rmult_le_compat_l _ _ _ h0 bound.
  have : h * (INR #|Q| * ((X t + gamma) / 4)) = eta t / 2 * ((X t + gamma) / 4) by rewrite -Rmult_assoc hn.
  have : eta t / 2 * ((X t + gamma) / 4) <= 4 * ((X t + gamma) / 4) by apply: Rmult_le_compat_r; lra.
  by lra.
rewrite b_next; have scaled := Rmult_le_compat_l _ _ _ h0 (down s).
have : h * ((b t s + gamma) / 4) <= 4 * ((b t s + gamma) / 4) by apply: Rmult_le_compat_r => //; have := IHb s; lra.
have : h * (- (b t s + gamma) / 4) = - (h * ((b t s + gamma) / 4)) by field.
by have := IHb s; lra.
Qed.

(* A held-out fact, whose column does not move, with votes own and the answer a: an uncovered template r is never
   behind the answer. *)
Variable own : V -> R.

Definition held_out_logit t v := (own v + prompt (tuned t) v) / 2.

Theorem uncovered_template_leads (r a : V) t :
  r != a -> (forall s, r != answer s) -> (forall s, a != answer s) ->
  0 <= own r - own a -> (forall s, u s r - u s a <= own r - own a) ->
  held_out_logit t a <= held_out_logit t r.
Proof.
move=> ra r_no a_no leads dominates; rewrite /held_out_logit.
by have := prompt_bound t ra r_no a_no leads dominates; lra.
Qed.

End FineTuning.

(* One run in a world w: a held-out fact with own templates T is answered by a memory that was tuned on the facts of w.
   err says whether it is answered wrongly; a right answer is ahead of every own template, a tie is an error. *)
Record run N M (w : world N M) (T : {set 'I_M}) (err : bool) := Run {
  token : finType;
  template : 'I_M -> token;
  own_answer : token;
  answer : 'I_N -> token;
  votes : 'I_N -> token -> R;
  own_votes : token -> R;
  eta : nat -> R;
  steps : nat;
  final := held_out_logit votes answer eta own_votes steps;
  step_size : forall i, 0 <= eta i <= 8;
  own_answer_is_no_template : forall r, template r != own_answer;
  answers_are_no_templates : forall r s, template r != answer s;
  answers_are_distinct : forall s, own_answer != answer s;
  right_means_ahead : ~~ err -> forall r, r \in T -> final (template r) < final own_answer;
  (* Template dominance, in two parts. *)
  own_templates_first : forall r, r \in T -> 0 <= own_votes (template r) - own_votes own_answer;
  others_prefer_less : forall r s, r \in T -> r \notin w s ->
    votes s (template r) - votes s own_answer <= own_votes (template r) - own_votes own_answer
}.

Theorem no_extraction_without_coverage N M (w : world N M) (T : {set 'I_M}) err :
  run w T err -> some_unseen T w -> err.
Proof.
case=> V template a answer votes own eta steps final sizes ra r_no a_no ahead first less.
case/exists_inP=> r rT /forallP out; apply/negPn/negP => /ahead/(_ r rT).
suff : final a <= final (template r) by lra.
apply: (uncovered_template_leads sizes steps (ra r) _ a_no (first r rT)) => s; first exact: r_no.
by apply: less.
Qed.

(* Claim ood-error-linear-memory: averaged over worlds, the error is at least the covering law. *)
Theorem mean_error_at_least_law N K M (T : {set 'I_M}) (errs : pred (world N M)) : #|T| = K ->
  (forall w, w \in worlds N K M -> inhabited (run w T (errs w))) ->
  real_prob K (some_unseen T : pred (world N M)) <= real_prob K errs.
Proof.
move=> TK runs; have total := INR_gt0 (worlds_gt0 N (own_fits TK)).
apply: Rmult_le_compat_r; first exact/Rlt_le/Rinv_0_lt_compat.
apply/INR_le_of_leq/subset_leq_card/subsetP => w; rewrite !inE => /andP[ww unseen_w]; rewrite ww /=.
have wworld : w \in worlds N K M by rewrite inE.
by case: (runs w wworld) => one; apply: no_extraction_without_coverage one unseen_w.
Qed.
