(* The theorems say something: their hypotheses can be met, each inequality is strict somewhere, and
   nearby statements (mutants) are false. Every number here is computed from the executable twins. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra ssrZ zify.
From factbound Require Import compute world laws monotone twins.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Delimit Scope Z_scope with coqZ.
Local Open Scope ring_scope.

(* Every K <= R has a set of own templates. *)
Lemma own_exists K R : (K <= R)%N -> exists T : {set 'I_R}, #|T| = K.
Proof.
rewrite -bin_gt0 -{1}(card_ord R) -card_draws => /card_gt0P[T].
by rewrite inE => /eqP; exists T.
Qed.

(* Comparisons that are decided by computing. *)
Lemma is_below p q : [&& proper p, proper q & below p q] -> fraction p < fraction q.
Proof. by case/and3P => p0 q0; rewrite below_fraction. Qed.

Lemma not_below p q : [&& proper p, proper q & ~~ below p q] -> ~ fraction p < fraction q.
Proof. by case/and3P => p0 q0 /negP; rewrite below_fraction. Qed.

Lemma not_at_most p q : [&& proper p, proper q & below q p] -> ~ fraction p <= fraction q.
Proof. by case/and3P => p0 q0 above; apply/negP; rewrite -ltNge below_fraction. Qed.

Lemma not_equal p q : [&& proper p, proper q & ~~ equal p q] -> ~ fraction p = fraction q.
Proof. by case/and3P => p0 q0 /negP differ /eqP; rewrite equal_fraction. Qed.

Lemma zero : 0 = fraction (0%coqZ, 1%coqZ). Proof. by []. Qed.
Lemma one : 1 = fraction (1%coqZ, 1%coqZ). Proof. by []. Qed.

Section At.
Variables (N K R : nat) (T : {set 'I_R}).
Hypothesis own : #|T| = K.

Lemma none_seen_at : prob K (none_seen T : pred (world N R)) = fraction (none_seen_twin N K R).
Proof. by rewrite prob_none_seen // none_seen_twinE. Qed.

Lemma some_unseen_at : prob K (some_unseen T : pred (world N R)) = fraction (some_unseen_twin N K R).
Proof. by rewrite prob_some_unseen // some_unseen_twinE. Qed.
End At.

(* (a) None seen. *)
Lemma none_seen_witness : exists T : {set 'I_2}, #|T| = 1%N /\ 0 < prob 1 (none_seen T : pred (world 1 2)) < 1.
Proof.
have [T own] := @own_exists 1 2 isT; exists T; split=> //.
by rewrite (none_seen_at 1 own) zero one; apply/andP; split; apply: is_below; vm_compute.
Qed.

Lemma none_seen_twice_the_facts : ~ forall N K R (T : {set 'I_R}), #|T| = K ->
  prob K (none_seen T : pred (world N R)) = ('C(R - K, K)%:R / 'C(R, K)%:R) ^+ (2 * N).
Proof.
move=> mutant; have [T own] := @own_exists 1 2 isT; move: (mutant 1%N 1%N 2%N T own).
by rewrite (none_seen_at 1 own) -none_seen_twinE; apply: not_equal; vm_compute.
Qed.

(* (b) Some unseen. *)
Lemma some_unseen_witness : exists T : {set 'I_4}, #|T| = 2%N /\ 0 < prob 2 (some_unseen T : pred (world 2 4)) < 1.
Proof.
have [T own] := @own_exists 2 4 isT; exists T; split=> //.
by rewrite (some_unseen_at 2 own) zero one; apply/andP; split; apply: is_below; vm_compute.
Qed.

Lemma some_unseen_one_term_short : ~ forall N K R (T : {set 'I_R}), #|T| = K ->
  prob K (some_unseen T : pred (world N R))
  = \sum_(1 <= j < K) (-1) ^+ j.+1 * 'C(K, j)%:R * ('C(R - j, K)%:R / 'C(R, K)%:R) ^+ N.
Proof.
move=> mutant; have [T own] := @own_exists 1 2 isT; move: (mutant 1%N 1%N 2%N T own).
by rewrite (some_unseen_at 1 own) big_nil zero; apply: not_equal; vm_compute.
Qed.

Lemma some_unseen_twice_the_facts : ~ forall N K R (T : {set 'I_R}), #|T| = K ->
  prob K (some_unseen T : pred (world N R))
  = \sum_(1 <= j < K.+1) (-1) ^+ j.+1 * 'C(K, j)%:R * ('C(R - j, K)%:R / 'C(R, K)%:R) ^+ (2 * N).
Proof.
move=> mutant; have [T own] := @own_exists 1 2 isT; move: (mutant 1%N 1%N 2%N T own).
by rewrite (some_unseen_at 1 own) -some_unseen_twinE; apply: not_equal; vm_compute.
Qed.

(* (c) The union bound. *)
Lemma union_strict : exists T : {set 'I_4}, #|T| = 2%N /\
  prob 2 (some_unseen T : pred (world 2 4)) < Num.min 1 (2%:R * (1 - 2%:R / 4%:R) ^+ 2).
Proof.
have [T own] := @own_exists 2 4 isT; exists T; split=> //.
by rewrite (some_unseen_at 2 own) -(@union_twinE 2 2 4 isT); apply: is_below; vm_compute.
Qed.

Lemma union_not_strict : ~ forall N K R (T : {set 'I_R}), #|T| = K ->
  prob K (some_unseen T : pred (world N R)) < Num.min 1 (K%:R * (1 - K%:R / R%:R) ^+ N).
Proof.
move=> mutant; have [T own] := @own_exists 1 2 isT; move: (mutant 1%N 1%N 2%N T own).
by rewrite (some_unseen_at 1 own) -(@union_twinE 1 1 2 isT); apply: not_below; vm_compute.
Qed.

Lemma union_twice_the_facts : ~ forall N K R (T : {set 'I_R}), #|T| = K ->
  prob K (some_unseen T : pred (world N R)) <= Num.min 1 (K%:R * (1 - K%:R / R%:R) ^+ (2 * N)).
Proof.
move=> mutant; have [T own] := @own_exists 1 2 isT; move: (mutant 1%N 1%N 2%N T own).
by rewrite (some_unseen_at 1 own) -(@union_twinE (2 * 1) 1 2 isT); apply: not_at_most; vm_compute.
Qed.

Lemma union_one_fact_more : ~ forall N K R (T : {set 'I_R}), #|T| = K ->
  prob K (some_unseen T : pred (world N R)) <= Num.min 1 (K%:R * (1 - K%:R / R%:R) ^+ N.+1).
Proof.
move=> mutant; have [T own] := @own_exists 1 2 isT; move: (mutant 1%N 1%N 2%N T own).
by rewrite (some_unseen_at 1 own) -(@union_twinE 2 1 2 isT); apply: not_at_most; vm_compute.
Qed.

Lemma union_one_template_less : ~ forall N K R (T : {set 'I_R}), #|T| = K ->
  prob K (some_unseen T : pred (world N R)) <= K.-1%:R * (1 - K%:R / R%:R) ^+ N.
Proof.
move=> mutant; have [T own] := @own_exists 1 2 isT; move: (mutant 1%N 1%N 2%N T own).
by rewrite (some_unseen_at 1 own) mul0r zero; apply: not_at_most; vm_compute.
Qed.

(* (e) Directions. Strictly falling or rising somewhere, hence not constant. *)
Lemma none_seen_strictly_falls_in_N (T : {set 'I_2}) : #|T| = 1%N ->
  prob 1 (none_seen T : pred (world 2 2)) < prob 1 (none_seen T : pred (world 1 2)).
Proof. by move=> own; rewrite !(none_seen_at _ own); apply: is_below; vm_compute. Qed.

Lemma some_unseen_strictly_falls_in_N (T : {set 'I_4}) : #|T| = 2%N ->
  prob 2 (some_unseen T : pred (world 3 4)) < prob 2 (some_unseen T : pred (world 2 4)).
Proof. by move=> own; rewrite !(some_unseen_at _ own); apply: is_below; vm_compute. Qed.

Lemma none_seen_strictly_falls_in_K (S T : {set 'I_4}) : #|S| = 1%N -> #|T| = 2%N ->
  prob 2 (none_seen T : pred (world 1 4)) < prob 1 (none_seen S : pred (world 1 4)).
Proof. by move=> S1 T2; rewrite (none_seen_at 1 S1) (none_seen_at 1 T2); apply: is_below; vm_compute. Qed.

Lemma none_seen_strictly_rises_in_R (S : {set 'I_2}) (T : {set 'I_3}) : #|S| = 1%N -> #|T| = 1%N ->
  prob 1 (none_seen S : pred (world 1 2)) < prob 1 (none_seen T : pred (world 1 3)).
Proof. by move=> S1 T1; rewrite (none_seen_at 1 S1) (none_seen_at 1 T1); apply: is_below; vm_compute. Qed.

(* Some unseen has no direction in K: 3/4 < 5/6 with 4 templates, 1/2 > 0 with 2. *)
Theorem some_unseen_does_not_fall_in_K : ~ forall N K R (S T : {set 'I_R}), #|S| = K -> #|T| = K.+1 ->
  prob K.+1 (some_unseen T : pred (world N R)) <= prob K (some_unseen S : pred (world N R)).
Proof.
move=> mutant; have [S S1] := @own_exists 1 4 isT; have [T T2] := @own_exists 2 4 isT.
move: (mutant 1%N 1%N 4%N S T S1 T2).
by rewrite (some_unseen_at 1 S1) (some_unseen_at 1 T2); apply: not_at_most; vm_compute.
Qed.

Theorem some_unseen_does_not_rise_in_K : ~ forall N K R (S T : {set 'I_R}), #|S| = K -> #|T| = K.+1 ->
  prob K (some_unseen S : pred (world N R)) <= prob K.+1 (some_unseen T : pred (world N R)).
Proof.
move=> mutant; have [S S1] := @own_exists 1 2 isT; have [T T2] := @own_exists 2 2 isT.
move: (mutant 1%N 1%N 2%N S T S1 T2).
by rewrite (some_unseen_at 1 S1) (some_unseen_at 1 T2); apply: not_at_most; vm_compute.
Qed.
