(* In which directions the two laws move. *)
From mathcomp Require Import all_ssreflect all_algebra.
From factbound Require Import world laws.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.

(* The ratios of binomial coefficients behind "none seen", in natural numbers. *)
Lemma ratio_falls_in_K K R : K < R -> 'C(R - K.+1, K.+1) * 'C(R, K) <= 'C(R - K, K) * 'C(R, K.+1).
Proof.
move=> KR; have RK : 0 < R - K by rewrite subn_gt0.
have big : K.+1 * 'C(R, K.+1) = (R - K) * 'C(R, K) by rewrite mul_bin_left.
have small : (R - K) * (K.+1 * 'C(R - K.+1, K.+1)) = (R - K.+1 - K) * ((R - K - K) * 'C(R - K, K)).
  by rewrite mul_bin_left mulnCA; congr (_ * _); rewrite -mul_bin_down subnS.
rewrite -(leq_pmul2l (m := K.+1)) // -(leq_pmul2l (m := R - K)) // 2!mulnA -(mulnA (R - K)) small.
rewrite [K.+1 * (_ * _)]mulnCA big -mulnA; apply: leq_mul; first by rewrite -subnDA leq_sub2l // addSn leqW ?leq_addr.
by rewrite [_ * 'C(R - K, K)]mulnC -mulnA leq_mul // leq_mul // leq_subr.
Qed.

Lemma ratio_rises_in_R K R : K <= R -> 'C(R - K, K) * 'C(R.+1, K) <= 'C(R.+1 - K, K) * 'C(R, K).
Proof.
move=> KR; have KR1 : K <= R.+1 by rewrite leqW.
have RK : 0 < R.+1 - K by rewrite subn_gt0.
have big : R.+1 * 'C(R, K) = (R.+1 - K) * 'C(R.+1, K) by rewrite (mul_bin_down R.+1).
have small : (R.+1 - K) * 'C(R - K, K) = (R.+1 - K - K) * 'C(R.+1 - K, K).
  by rewrite -(mul_bin_down (R.+1 - K)) subSn.
have square : R.+1 * (R.+1 - K - K) <= (R.+1 - K) * (R.+1 - K).
  case: (leqP (R.+1 - K) K) => [|lt]; first by rewrite -subn_eq0 => /eqP ->; rewrite muln0.
  rewrite -{1}(subnK KR1) -{4}(subnK (ltnW lt)); move: (R.+1 - K) => v.
  by rewrite mulnDl mulnDr leq_add2l mulnC leq_mul2r leq_subr orbT.
rewrite -(leq_pmul2l (m := R.+1)) // -(leq_pmul2l RK) mulnCA [(R.+1 - K) * (_ * _)]mulnA small.
rewrite [R.+1 * ('C(_, _) * _)]mulnCA big -mulnA mulnA.
rewrite [X in _ <= _ * X]mulnCA [X in _ <= X]mulnA.
by rewrite leq_mul2r square orbT.
Qed.

Local Open Scope ring_scope.

Lemma own_fits K R (T : {set 'I_R}) : #|T| = K -> (K <= R)%N.
Proof. by move=> <-; rewrite -[X in (_ <= X)%N](card_ord R) max_card. Qed.

(* Fractions of natural numbers are compared by cross multiplication. *)
Lemma le_fractions (a b c d : nat) : (0 < b)%N -> (0 < d)%N ->
  (a%:R / b%:R <= c%:R / d%:R :> rat) = (a * d <= c * b)%N.
Proof.
move=> b0 d0; rewrite ler_pdivr_mulr ?ltr0n // mulrAC ler_pdivl_mulr ?ltr0n //.
by rewrite -!natrM ler_nat.
Qed.

Lemma fraction_ge0 (a b : nat) : 0 <= a%:R / b%:R :> rat.
Proof. by rewrite divr_ge0 ?ler0n. Qed.

(* One fact more. *)
Theorem none_seen_falls_in_N N K R (T : {set 'I_R}) : #|T| = K ->
  prob K (none_seen T : pred (world N.+1 R)) <= prob K (none_seen T : pred (world N R)).
Proof.
move=> TK; have KR := own_fits TK; rewrite !prob_none_seen // exprS ler_pimull ?exprn_ge0 ?fraction_ge0 //.
by rewrite ler_pdivr_mulr ?ltr0n ?bin_gt0 // mul1r ler_nat leq_bin2l // leq_subr.
Qed.

Definition split_world N R (w : world N.+1 R) : world N R * {set 'I_R} := ([ffun s => w (lift ord0 s)], w ord0).

Lemma split_world_inj N R : injective (@split_world N R).
Proof.
move=> v w [/ffunP rest first]; apply/ffunP => s; case: (unliftP ord0 s) => [i ->|-> //].
by move: (rest i); rewrite !ffunE.
Qed.

Theorem some_unseen_falls_in_N N K R (T : {set 'I_R}) : #|T| = K ->
  prob K (some_unseen T : pred (world N.+1 R)) <= prob K (some_unseen T : pred (world N R)).
Proof.
move=> TK; have KR := own_fits TK; rewrite le_fractions ?worlds_gt0 // !card_worlds expnS mulnA leq_mul2r.
apply/orP; right; rewrite -(card_imset _ (@split_world_inj N R)) -[X in 'C(X, _)](card_ord R) -card_draws -cardsX.
apply/subset_leq_card/subsetP => _ /imsetP[w + ->]; rewrite !inE /= => /andP[/forallP size /exists_inP[r rT out]].
apply/andP; split; last by move: (size ord0); rewrite inE.
apply/andP; split; first by apply/forallP => s; rewrite ffunE.
by apply/exists_inP; exists r => //; apply/forallP => s; rewrite ffunE (forallP out).
Qed.

(* One template more for every fact. *)
Theorem none_seen_falls_in_K N K R (S T : {set 'I_R}) : #|S| = K -> #|T| = K.+1 ->
  prob K.+1 (none_seen T : pred (world N R)) <= prob K (none_seen S : pred (world N R)).
Proof.
move=> SK TK; have KR := own_fits TK.
rewrite !prob_none_seen //; apply: ler_expn2r; rewrite ?nnegrE ?fraction_ge0 //.
by rewrite le_fractions ?bin_gt0 ?(ltnW KR) // ratio_falls_in_K.
Qed.

(* One template more in the universe. *)
Theorem none_seen_rises_in_R N K R (S : {set 'I_R}) (T : {set 'I_R.+1}) : #|S| = K -> #|T| = K ->
  prob K (none_seen S : pred (world N R)) <= prob K (none_seen T : pred (world N R.+1)).
Proof.
move=> SK TK; have KR := own_fits SK; have KR1 := own_fits TK.
rewrite !prob_none_seen //; apply: ler_expn2r; rewrite ?nnegrE ?fraction_ge0 //.
by rewrite le_fractions ?bin_gt0 // ratio_rises_in_R.
Qed.
