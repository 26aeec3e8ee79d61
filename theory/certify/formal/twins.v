(* The executable twins of file compute are equal to the sides of the theorems. *)
From Coq Require Import ZArith.
From mathcomp Require Import all_ssreflect all_algebra ssrZ zify.
From factbound Require Import compute world laws monotone.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Delimit Scope Z_scope with coqZ.

Local Open Scope ring_scope.

(* The rational that a pair stands for. *)
Definition rational (z : Z) : rat := (int_of_Z z)%:~R.
Definition fraction (z : Z * Z) : rat := rational z.1 / rational z.2.

Lemma rationalM x y : rational (x * y)%coqZ = rational x * rational y.
Proof. by rewrite /rational -intrM -[LHS]/((int_of_Z (x * y)%R)%:~R) rmorphM. Qed.

Lemma rationalD x y : rational (x + y)%coqZ = rational x + rational y.
Proof. by rewrite /rational -intrD -[LHS]/((int_of_Z (x + y)%R)%:~R) rmorphD. Qed.

Lemma rational_nat n : rational (Z.of_nat n) = n%:R.
Proof. by rewrite /rational pmulrn; congr (_ %:~R); lia. Qed.

Lemma chooseE n m : choose n m = Z.of_nat 'C(n, m).
Proof.
elim: n m => [|n IH] [|m]; rewrite ?bin0 //.
rewrite -[LHS]/(Z.of_nat n.+1 * choose n m / Z.of_nat m.+1)%coqZ IH -Nat2Z.inj_mul -[Nat.mul _ _]/(n.+1 * _)%N.
by rewrite -[n in 'C(n, m)]/(n.+1.-1) mul_bin_diag mulnC Nat2Z.inj_mul Z.div_mul.
Qed.

Lemma powerE x n : rational (power x n) = rational x ^+ n.
Proof. by elim: n => [|n IH] //=; rewrite rationalM IH exprS. Qed.

Lemma signed_sumE N K R j :
  rational (signed_sum N K R j)
  = \sum_(1 <= i < j.+1) (-1) ^+ i.+1 * 'C(K, i)%:R * 'C(R - i, K)%:R ^+ N.
Proof.
elim: j => [|j IH]; first by rewrite big_nil.
rewrite big_nat_recr // -IH; set last := (X in _ = _ + X).
have -> : last = rational (power (-1) j.+2 * choose K j.+1 * power (choose (R - j.+1) K) N)%coqZ.
  by rewrite 2!rationalM !powerE !chooseE !rational_nat.
by rewrite -rationalD.
Qed.

Theorem none_seen_twinE N K R :
  fraction (none_seen_twin N K R) = ('C(R - K, K)%:R / 'C(R, K)%:R) ^+ N.
Proof. by rewrite /fraction !powerE !chooseE !rational_nat expr_div_n. Qed.

Theorem some_unseen_twinE N K R :
  fraction (some_unseen_twin N K R)
  = \sum_(1 <= j < K.+1) (-1) ^+ j.+1 * 'C(K, j)%:R * ('C(R - j, K)%:R / 'C(R, K)%:R) ^+ N.
Proof.
rewrite /fraction /= signed_sumE powerE chooseE rational_nat mulr_suml.
by apply: eq_bigr => j _; rewrite expr_div_n mulrA.
Qed.

Theorem union_twinE N K R : (0 < R)%N ->
  fraction (union_twin N K R) = Num.min 1 (K%:R * (1 - K%:R / R%:R) ^+ N).
Proof.
move=> R0; have Rneq : R%:R != 0 :> rat by rewrite pnatr_eq0 -lt0n.
have one : 1 = rational (power (Z.of_nat R) N) / R%:R ^+ N by rewrite powerE rational_nat divff ?expf_neq0.
have below : K%:R * (1 - K%:R / R%:R) ^+ N
             = rational (Z.of_nat K * power (Z.of_nat R - Z.of_nat K) N) / R%:R ^+ N.
  rewrite rationalM powerE -[(Z.of_nat R - _)%coqZ]/(Z.of_nat R + - Z.of_nat K)%coqZ rationalD !rational_nat -mulrA.
  have -> : rational (- Z.of_nat K) = - K%:R.
    by rewrite -[X in - X]rational_nat /rational -[in RHS]mulrNz -[in LHS]/((int_of_Z (- Z.of_nat K)%R)%:~R) rmorphN.
  by rewrite -expr_div_n mulrBl divff.
have pos : 0 <= (R%:R ^+ N)^-1 :> rat by rewrite invr_ge0 exprn_ge0 ?ler0n.
rewrite below [X in Num.min X _]one -minr_pmull // /fraction /=.
congr (_ / _); last by rewrite powerE rational_nat.
have le (x y : Z) : (rational x <= rational y) = (x <=? y)%coqZ by rewrite /rational ler_int; lia.
by rewrite minEle le; case: Z.leb_spec => [/Z.min_l -> // | /Z.lt_le_incl /Z.min_r ->].
Qed.

(* Comparing fractions is comparing integers. *)
Lemma rational_gt0 z : (0 < rational z) = (0 <? z)%coqZ.
Proof. by rewrite /rational ltr0z; lia. Qed.

Lemma below_fraction p q : proper p -> proper q -> (fraction p < fraction q) = below p q.
Proof.
rewrite /proper -!rational_gt0 => p0 q0; rewrite ltr_pdivr_mulr // mulrAC ltr_pdivl_mulr //.
by rewrite -!rationalM /rational ltr_int /below; lia.
Qed.

Lemma equal_fraction p q : proper p -> proper q -> (fraction p == fraction q) = equal p q.
Proof.
rewrite /proper -!rational_gt0 => p0 q0.
by rewrite eqr_div ?lt0r_neq0 // -!rationalM /rational eqr_int /equal; lia.
Qed.

Lemma cross_multiplied (m n : nat) z : (0 < n)%N -> proper z ->
  m%:R / n%:R = fraction z -> (Z.of_nat m * z.2)%coqZ = (z.1 * Z.of_nat n)%coqZ.
Proof.
move=> n0 z0 /eqP; have n0' : proper (Z.of_nat m, Z.of_nat n) by rewrite /proper /=; lia.
have -> : m%:R / n%:R = fraction (Z.of_nat m, Z.of_nat n) by rewrite /fraction !rational_nat.
by rewrite equal_fraction // /equal /= => /Z.eqb_spec.
Qed.
