(* The executable twins of the sides that are real numbers, and the covering law as a real number. *)
From Coq Require Import ZArith Reals Lra Lia.
From mathcomp Require Import all_ssreflect.
From factbound Require Import compute world laws monotone twins witnesses exponential half_mean extraction.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope R_scope.

Definition real_fraction (z : Z * Z) : R := IZR z.1 / IZR z.2.

Lemma real_fractionE (m n : nat) z : (0 < n)%N -> proper z ->
  (Z.of_nat m * z.2)%Z = (z.1 * Z.of_nat n)%Z -> INR m / INR n = real_fraction z.
Proof.
move=> n0 /Z.ltb_lt/IZR_lt z0 cross; have n0' := INR_gt0 n0.
have := congr1 IZR cross; rewrite !mult_IZR -!INR_IZR_INZ => cross'.
rewrite /real_fraction; apply: (Rmult_eq_reg_r (INR n * IZR z.2)); last by apply: Rmult_integral_contrapositive; lra.
by transitivity (INR m * IZR z.2); [field | rewrite cross'; field]; lra.
Qed.

Lemma power_gt0 x n : (0 < x)%Z -> (0 < power x n)%Z.
Proof. by move=> x0; elim: n => //= n IH; apply: Z.mul_pos_pos. Qed.

Lemma proper_total N K R : (K <= R)%N -> proper (some_unseen_twin N K R).
Proof.
move=> KR; apply/Z.ltb_lt/power_gt0; rewrite chooseE.
by have : (0 < 'C(R, K))%N by [rewrite bin_gt0]; move/ltP; lia.
Qed.

(* The covering law as the real number that the extraction theorem is about. *)
Theorem real_some_unseen N K M (T : {set 'I_M}) : #|T| = K ->
  real_prob K (some_unseen T : pred (world N M)) = real_fraction (some_unseen_twin N K M).
Proof.
move=> TK; have KM := own_fits TK; apply: real_fractionE; [exact: worlds_gt0 | exact: proper_total |].
by apply: cross_multiplied; [exact: worlds_gt0 | exact: proper_total | exact: some_unseen_at].
Qed.

Lemma IZR_nat n : IZR (Z.of_nat n) = INR n.
Proof. by rewrite INR_IZR_INZ. Qed.

Theorem half_mean_twinE N K M : (0 < M)%N ->
  - (INR N * INR K ^ 2 / (2 * INR M ^ 2)) = real_fraction (half_mean_twin N K M).
Proof.
move/INR_gt0 => M0; rewrite /real_fraction; cbn [fst snd half_mean_twin exponential_twin].
by rewrite opp_IZR !mult_IZR !IZR_nat; field; lra.
Qed.

Theorem exponential_twinE N K M : (0 < M)%N ->
  - (INR N * INR K / INR M) = real_fraction (exponential_twin N K M).
Proof.
move/INR_gt0 => M0; rewrite /real_fraction; cbn [fst snd half_mean_twin exponential_twin].
by rewrite opp_IZR !mult_IZR !IZR_nat; field; lra.
Qed.

(* Claim ood-error-linear-memory, with the law that its formula computes. *)
Theorem mean_error_at_least_twin N K M (T : {set 'I_M}) (errs : pred (world N M)) : #|T| = K ->
  (forall w, w \in worlds N K M -> inhabited (run w T (errs w))) ->
  real_fraction (some_unseen_twin N K M) <= real_prob K errs.
Proof. by move=> TK runs; rewrite -(real_some_unseen N TK); apply: mean_error_at_least_law. Qed.
