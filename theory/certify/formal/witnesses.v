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

(* Comparisons of two numbers with executable twins p and q are decided by computing. *)
Section Decided.
Variables (x y : rat) (p q : Z * Z).
Hypotheses (xp : x = fraction p) (yq : y = fraction q).

Lemma is_below : [&& proper p, proper q & below p q] -> x < y.
Proof. by rewrite xp yq; case/and3P => p0 q0; rewrite below_fraction. Qed.

Lemma not_below : [&& proper p, proper q & ~~ below p q] -> ~ x < y.
Proof. by rewrite xp yq; case/and3P => p0 q0 /negP; rewrite below_fraction. Qed.

Lemma not_at_most : [&& proper p, proper q & below q p] -> ~ x <= y.
Proof. by rewrite xp yq; case/and3P => p0 q0 above; apply/negP; rewrite -ltNge below_fraction. Qed.

Lemma not_equal : [&& proper p, proper q & ~~ equal p q] -> ~ x = y.
Proof. by rewrite xp yq; case/and3P => p0 q0 /negP differ /eqP; rewrite equal_fraction. Qed.
End Decided.

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
by apply/andP; split; [apply: (is_below zero (none_seen_at 1 own)) | apply: (is_below (none_seen_at 1 own) one)].
Qed.

Lemma none_seen_twice_the_facts : ~ forall N K R (T : {set 'I_R}), #|T| = K ->
  prob K (none_seen T : pred (world N R)) = ('C(R - K, K)%:R / 'C(R, K)%:R) ^+ (2 * N).
Proof.
move=> mutant; have [T own] := @own_exists 1 2 isT; move: (mutant 1%N 1%N 2%N T own).
by apply: (not_equal (none_seen_at 1 own) (esym (none_seen_twinE (2 * 1) 1 2))).
Qed.

(* (b) Some unseen. *)
Lemma some_unseen_witness : exists T : {set 'I_4}, #|T| = 2%N /\ 0 < prob 2 (some_unseen T : pred (world 2 4)) < 1.
Proof.
have [T own] := @own_exists 2 4 isT; exists T; split=> //.
by apply/andP; split; [apply: (is_below zero (some_unseen_at 2 own)) | apply: (is_below (some_unseen_at 2 own) one)].
Qed.

Lemma some_unseen_one_term_short : ~ forall N K R (T : {set 'I_R}), #|T| = K ->
  prob K (some_unseen T : pred (world N R))
  = \sum_(1 <= j < K) (-1) ^+ j.+1 * 'C(K, j)%:R * ('C(R - j, K)%:R / 'C(R, K)%:R) ^+ N.
Proof.
move=> mutant; have [T own] := @own_exists 1 2 isT; move: (mutant 1%N 1%N 2%N T own).
by rewrite big_nil; apply: (not_equal (some_unseen_at 1 own) zero).
Qed.

Lemma some_unseen_twice_the_facts : ~ forall N K R (T : {set 'I_R}), #|T| = K ->
  prob K (some_unseen T : pred (world N R))
  = \sum_(1 <= j < K.+1) (-1) ^+ j.+1 * 'C(K, j)%:R * ('C(R - j, K)%:R / 'C(R, K)%:R) ^+ (2 * N).
Proof.
move=> mutant; have [T own] := @own_exists 1 2 isT; move: (mutant 1%N 1%N 2%N T own).
by apply: (not_equal (some_unseen_at 1 own) (esym (some_unseen_twinE (2 * 1) 1 2))).
Qed.

(* (c) The union bound. *)
Lemma union_strict : exists T : {set 'I_4}, #|T| = 2%N /\
  prob 2 (some_unseen T : pred (world 2 4)) < Num.min 1 (2%:R * (1 - 2%:R / 4%:R) ^+ 2).
Proof.
have [T own] := @own_exists 2 4 isT; exists T; split=> //.
by apply: (is_below (some_unseen_at 2 own) (esym (@union_twinE 2 2 4 isT))).
Qed.

Lemma union_not_strict : ~ forall N K R (T : {set 'I_R}), #|T| = K ->
  prob K (some_unseen T : pred (world N R)) < Num.min 1 (K%:R * (1 - K%:R / R%:R) ^+ N).
Proof.
move=> mutant; have [T own] := @own_exists 1 2 isT; move: (mutant 1%N 1%N 2%N T own).
by apply: (not_below (some_unseen_at 1 own) (esym (@union_twinE 1 1 2 isT))).
Qed.

Lemma union_twice_the_facts : ~ forall N K R (T : {set 'I_R}), #|T| = K ->
  prob K (some_unseen T : pred (world N R)) <= Num.min 1 (K%:R * (1 - K%:R / R%:R) ^+ (2 * N)).
Proof.
move=> mutant; have [T own] := @own_exists 1 2 isT; move: (mutant 1%N 1%N 2%N T own).
by apply: (not_at_most (some_unseen_at 1 own) (esym (@union_twinE (2 * 1) 1 2 isT))).
Qed.

Lemma union_one_fact_more : ~ forall N K R (T : {set 'I_R}), #|T| = K ->
  prob K (some_unseen T : pred (world N R)) <= Num.min 1 (K%:R * (1 - K%:R / R%:R) ^+ N.+1).
Proof.
move=> mutant; have [T own] := @own_exists 1 2 isT; move: (mutant 1%N 1%N 2%N T own).
by apply: (not_at_most (some_unseen_at 1 own) (esym (@union_twinE 2 1 2 isT))).
Qed.

Lemma union_one_template_less : ~ forall N K R (T : {set 'I_R}), #|T| = K ->
  prob K (some_unseen T : pred (world N R)) <= K.-1%:R * (1 - K%:R / R%:R) ^+ N.
Proof.
move=> mutant; have [T own] := @own_exists 1 2 isT; move: (mutant 1%N 1%N 2%N T own).
by rewrite mul0r; apply: (not_at_most (some_unseen_at 1 own) zero).
Qed.

(* (e) Directions. Strictly falling or rising somewhere, hence not constant. *)
Lemma none_seen_strictly_falls_in_N (T : {set 'I_2}) : #|T| = 1%N ->
  prob 1 (none_seen T : pred (world 2 2)) < prob 1 (none_seen T : pred (world 1 2)).
Proof. by move=> own; apply: (is_below (none_seen_at 2 own) (none_seen_at 1 own)). Qed.

Lemma some_unseen_strictly_falls_in_N (T : {set 'I_4}) : #|T| = 2%N ->
  prob 2 (some_unseen T : pred (world 3 4)) < prob 2 (some_unseen T : pred (world 2 4)).
Proof. by move=> own; apply: (is_below (some_unseen_at 3 own) (some_unseen_at 2 own)). Qed.

Lemma none_seen_strictly_falls_in_K (S T : {set 'I_4}) : #|S| = 1%N -> #|T| = 2%N ->
  prob 2 (none_seen T : pred (world 1 4)) < prob 1 (none_seen S : pred (world 1 4)).
Proof. by move=> S1 T2; apply: (is_below (none_seen_at 1 T2) (none_seen_at 1 S1)). Qed.

Lemma none_seen_strictly_rises_in_R (S : {set 'I_2}) (T : {set 'I_3}) : #|S| = 1%N -> #|T| = 1%N ->
  prob 1 (none_seen S : pred (world 1 2)) < prob 1 (none_seen T : pred (world 1 3)).
Proof. by move=> S1 T1; apply: (is_below (none_seen_at 1 S1) (none_seen_at 1 T1)). Qed.

Lemma some_unseen_strictly_rises_in_R (S : {set 'I_4}) (T : {set 'I_5}) : #|S| = 2%N -> #|T| = 2%N ->
  prob 2 (some_unseen S : pred (world 2 4)) < prob 2 (some_unseen T : pred (world 2 5)).
Proof. by move=> S2 T2; apply: (is_below (some_unseen_at 2 S2) (some_unseen_at 2 T2)). Qed.

(* Without facts every template is unseen in both universes. *)
Lemma some_unseen_rises_not_strictly : ~ forall N K R (S : {set 'I_R}) (T : {set 'I_R.+1}), #|S| = K -> #|T| = K ->
  prob K (some_unseen S : pred (world N R)) < prob K (some_unseen T : pred (world N R.+1)).
Proof.
move=> mutant; have [S S1] := @own_exists 1 2 isT; have [T T1] := @own_exists 1 3 isT.
move: (mutant 0%N 1%N 2%N S T S1 T1).
by apply: (not_below (some_unseen_at 0 S1) (some_unseen_at 0 T1)).
Qed.

(* A template more does not outweigh a fact more: 1/2 > 4/9. *)
Lemma some_unseen_rises_one_fact_more : ~ forall N K R (S : {set 'I_R}) (T : {set 'I_R.+1}), #|S| = K -> #|T| = K ->
  prob K (some_unseen S : pred (world N R)) <= prob K (some_unseen T : pred (world N.+1 R.+1)).
Proof.
move=> mutant; have [S S1] := @own_exists 1 2 isT; have [T T1] := @own_exists 1 3 isT.
move: (mutant 1%N 1%N 2%N S T S1 T1).
by apply: (not_at_most (some_unseen_at 1 S1) (some_unseen_at 2 T1)).
Qed.

(* Nor a template more for every fact: 1/4 > 2/9. *)
Lemma some_unseen_rises_one_template_more : ~ forall N K R (S : {set 'I_R}) (T : {set 'I_R.+1}),
  #|S| = K -> #|T| = K.+1 ->
  prob K (some_unseen S : pred (world N R)) <= prob K.+1 (some_unseen T : pred (world N R.+1)).
Proof.
move=> mutant; have [S S1] := @own_exists 1 2 isT; have [T T2] := @own_exists 2 3 isT.
move: (mutant 2%N 1%N 2%N S T S1 T2).
by apply: (not_at_most (some_unseen_at 2 S1) (some_unseen_at 2 T2)).
Qed.

(* Some unseen has no direction in K: 3/4 < 5/6 with 4 templates, 1/2 > 0 with 2. *)
Theorem some_unseen_does_not_fall_in_K : ~ forall N K R (S T : {set 'I_R}), #|S| = K -> #|T| = K.+1 ->
  prob K.+1 (some_unseen T : pred (world N R)) <= prob K (some_unseen S : pred (world N R)).
Proof.
move=> mutant; have [S S1] := @own_exists 1 4 isT; have [T T2] := @own_exists 2 4 isT.
move: (mutant 1%N 1%N 4%N S T S1 T2).
by apply: (not_at_most (some_unseen_at 1 T2) (some_unseen_at 1 S1)).
Qed.

Theorem some_unseen_does_not_rise_in_K : ~ forall N K R (S T : {set 'I_R}), #|S| = K -> #|T| = K.+1 ->
  prob K (some_unseen S : pred (world N R)) <= prob K.+1 (some_unseen T : pred (world N R)).
Proof.
move=> mutant; have [S S1] := @own_exists 1 2 isT; have [T T2] := @own_exists 2 2 isT.
move: (mutant 1%N 1%N 2%N S T S1 T2).
by apply: (not_at_most (some_unseen_at 1 S1) (some_unseen_at 1 T2)).
Qed.
