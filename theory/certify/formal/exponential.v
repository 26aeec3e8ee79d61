(* The union bound with an exponential, over the real numbers.

   A probability is again the number of worlds in the event divided by the number of all worlds.
   M is the number of templates, as R is the name of the real numbers here. *)
From Coq Require Import Reals Lra.
From mathcomp Require Import all_ssreflect.
From factbound Require Import world laws monotone.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope R_scope.

Definition real_prob N K M (E : pred (world N M)) : R := INR #|among_worlds K E| / INR #|worlds N K M|.

Lemma INR_le_of_leq m n : (m <= n)%N -> INR m <= INR n.
Proof. by move/leP/le_INR. Qed.

Lemma INR_gt0 n : (0 < n)%N -> 0 < INR n.
Proof. by move/ltP/lt_0_INR. Qed.

Lemma INR_pow m n : INR (m ^ n)%N = INR m ^ n.
Proof. by elim: n => //= n <-; rewrite expnS mult_INR. Qed.

Lemma exp_pow x n : exp (INR n * x) = exp x ^ n.
Proof. by elim: n => [|n IH]; rewrite ?Rmult_0_l ?exp_0 // S_INR Rmult_plus_distr_r Rmult_1_l exp_plus IH Rmult_comm. Qed.

(* The inequality by itself. *)
Theorem union_below_exponential N K M : (K <= M)%N ->
  INR K * (1 - INR K / INR M) ^ N <= INR K * exp (- (INR N * INR K / INR M)).
Proof.
move=> KM; apply: Rmult_le_compat_l; first exact: pos_INR.
have -> : - (INR N * INR K / INR M) = INR N * (- (INR K / INR M)) by rewrite /Rdiv; ring.
rewrite exp_pow; apply: pow_incr; split; last first.
  by have := exp_ineq1_le (- (INR K / INR M)); lra.
have : INR K / INR M <= 1; last by lra.
case: (posnP M) => [M0|M0].
  by move: KM; rewrite M0 leqn0 => /eqP -> /=; rewrite /Rdiv Rmult_0_l; lra.
apply: (Rmult_le_reg_r (INR M)); first exact: INR_gt0.
rewrite Rmult_1_l /Rdiv Rmult_assoc Rinv_l ?Rmult_1_r; first exact: INR_le_of_leq.
by have := INR_gt0 M0; lra.
Qed.

(* The union bound as real numbers state it. *)
Lemma real_union N K M (T : {set 'I_M}) : (0 < M)%N -> #|T| = K ->
  real_prob K (some_unseen T : pred (world N M)) <= INR K * (1 - INR K / INR M) ^ N.
Proof.
move=> M0 TK; have KM := own_fits TK; have total := INR_gt0 (worlds_gt0 N KM); have Mpos := INR_gt0 M0.
apply: (Rmult_le_reg_r (INR #|worlds N K M|)) => //.
rewrite /real_prob /Rdiv Rmult_assoc Rinv_l ?Rmult_1_r; last by lra.
have -> : INR K * (1 - INR K * / INR M) ^ N * INR #|worlds N K M| = INR (K * 'C(M.-1, K) ^ N).
  rewrite card_worlds mult_INR !INR_pow Rmult_assoc -Rpow_mult_distr; congr (_ * _ ^ _).
  have := congr1 INR (mul_bin_down M K); rewrite !mult_INR minus_INR; last exact/leP.
  move=> down; apply: (Rmult_eq_reg_l (INR M)); last by lra.
  by rewrite down; field; lra.
by apply: INR_le_of_leq; rewrite -[X in (_ <= X * _)%N]TK card_some_unseen.
Qed.

Lemma real_prob_le1 N K M (E : pred (world N M)) : (K <= M)%N -> real_prob K E <= 1.
Proof.
move=> KM; have total := INR_gt0 (worlds_gt0 N KM).
apply: (Rmult_le_reg_r (INR #|worlds N K M|)) => //.
rewrite /real_prob /Rdiv Rmult_assoc Rinv_l ?Rmult_1_r ?Rmult_1_l; last by lra.
by apply/INR_le_of_leq/subset_leq_card/subsetP => w; rewrite inE => /andP[].
Qed.

(* Law (d). *)
Theorem some_unseen_exponential N K M (T : {set 'I_M}) : (0 < M)%N -> #|T| = K ->
  real_prob K (some_unseen T : pred (world N M)) <= Rmin 1 (INR K * exp (- (INR N * INR K / INR M))).
Proof.
move=> M0 TK; have KM := own_fits TK; apply: Rmin_glb; first exact: real_prob_le1.
by apply: Rle_trans (real_union N M0 TK) (union_below_exponential N KM).
Qed.
