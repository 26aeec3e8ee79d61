(* How rarely the coverage of a template falls to half its mean: P[C_r <= N p / 2] <= exp(-N p^2 / 2), p = K/M.

   Chernoff's method: for z = exp(-2p) the sum of z^(C_r) over all worlds is a product over the facts, and each
   factor is at most exp(-3 p^2 / 2) by Hoeffding's lemma. M is the number of templates. *)
From Coq Require Import Reals Lra.
From mathcomp Require Import all_ssreflect.
From factbound Require Import world laws monotone exponential hoeffding.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope R_scope.

(* What the library of big operators asks of + and * on the real numbers. *)
Canonical Rplus_monoid := Monoid.Law (fun x y z => esym (Rplus_assoc x y z)) Rplus_0_l Rplus_0_r.
Canonical Rplus_comoid := Monoid.ComLaw Rplus_comm.
Canonical Rmult_monoid := Monoid.Law (fun x y z => esym (Rmult_assoc x y z)) Rmult_1_l Rmult_1_r.
Canonical Rmult_comoid := Monoid.ComLaw Rmult_comm.
Canonical Rmult_muloid := Monoid.MulLaw Rmult_0_l Rmult_0_r.
Canonical Rplus_addoid := Monoid.AddLaw Rmult_plus_distr_r Rmult_plus_distr_l.

Local Notation "'SUM' ( i 'in' A ) F" := (\big[Rplus/0]_(i in A) F) (at level 41, i, A at level 50, F at level 41).

Section HalfMean.
Variables N K M : nat.
Hypothesis M_gt0 : (0 < M)%N.
Hypothesis KM : (K <= M)%N.
Implicit Types (w : world N M) (r : 'I_M) (T : {set 'I_M}).

(* C_r <= N K / (2 M), in natural numbers. *)
Definition half_covered r w := (2 * M * coverage w r <= N * K)%N.

Definition some_half_covered T w := [exists r in T, half_covered r w].

Let p := INR K / INR M.
Let total := INR 'C(M, K).

Lemma sum_const (I : finType) (A : {set I}) x : SUM (i in A) x = INR #|A| * x.
Proof.
rewrite big_const; elim: #|A| => [|n IH]; first by rewrite Rmult_0_l.
by rewrite iterS IH S_INR; ring.
Qed.

Lemma sum_le (I : finType) (A : {set I}) F G : (forall i, i \in A -> F i <= G i) -> SUM (i in A) F i <= SUM (i in A) G i.
Proof. by move=> FG; apply: (big_ind2 Rle) => //; [lra | move=> x y u v; lra]. Qed.

Lemma sum_ge0 (I : finType) (A : {set I}) F : (forall i, 0 <= F i) -> 0 <= SUM (i in A) F i.
Proof. by move=> F0; apply: (big_ind (Rle 0)) => // [|x y]; lra. Qed.

Lemma total_gt0 : 0 < total.
Proof. by apply: INR_gt0; rewrite bin_gt0. Qed.

Lemma p_bounds : 0 <= p <= 1.
Proof.
have M0 := INR_gt0 M_gt0; have K0 := pos_INR K; have KM' := INR_le_of_leq KM; rewrite /p; split.
  by apply: Rmult_le_pos => //; apply/Rlt_le/Rinv_0_lt_compat.
by apply: (Rmult_le_reg_r (INR M)) => //; rewrite Rmult_1_l /Rdiv Rmult_assoc Rinv_l ?Rmult_1_r //; lra.
Qed.

Lemma avoiding_facts : INR 'C(M.-1, K) = total * (1 - p).
Proof.
have M0 := INR_gt0 M_gt0; have := congr1 INR (mul_bin_down M K); rewrite !mult_INR minus_INR; last exact/leP.
by move=> down; apply: (Rmult_eq_reg_l (INR M)); [rewrite down /total /p; field | ]; lra.
Qed.

(* The sum over the sets that one fact may have. *)
Lemma sum_of_one_fact r z : SUM (S in facts K M) (if r \in S then z else 1) = total * (1 - p + p * z).
Proof.
rewrite (bigID (fun S : {set 'I_M} => r \in S)) /=.
rewrite (eq_bigr (fun _ => z)) => [|S /andP[_ ->] //]; rewrite [X in _ + X](eq_bigr (fun _ => 1)) => [|S /andP[_ /negbTE ->] //].
have out : #|[set S in facts K M | r \notin S]| = 'C(M.-1, K).
  have -> : (M.-1 = #|~: [set r]|)%N by rewrite cardsC1 card_ord.
  by rewrite -cards_draws; apply: eq_card => S; rewrite !inE subsetC sub1set inE andbC.
have all : (#|[set S in facts K M | r \in S]| + 'C(M.-1, K) = 'C(M, K))%N.
  rewrite -out -[in RHS](card_ord M) -card_draws -[in RHS](cardsID [set S : {set 'I_M} | r \in S]).
  by congr (_ + _)%N; apply: eq_card => S; rewrite !inE andbC.
have inside : INR #|[set S in facts K M | r \in S]| = total * p.
  have := congr1 INR all; rewrite plus_INR avoiding_facts /total; lra.
transitivity (INR #|[set S in facts K M | r \in S]| * z + INR #|[set S in facts K M | r \notin S]| * 1).
  by rewrite -!sum_const; congr (_ + _); apply: eq_bigl => S; rewrite !inE.
by rewrite inside out avoiding_facts; ring.
Qed.

(* The sum over all worlds is a product over facts. *)
Lemma sum_of_worlds r z : SUM (w in worlds N K M) z ^ coverage w r = (total * (1 - p + p * z)) ^ N.
Proof.
rewrite -(sum_of_one_fact r z) big_mkcond /=.
transitivity (\big[Rplus/0]_(w : world N M) \big[Rmult/1]_(s < N) (if w s \in facts K M then if r \in w s then z else 1 else 0)).
  apply: eq_bigr => w _; rewrite inE; case: (boolP [forall s, _]) => [/forallP ok | /forallPn[s bad]]; last first.
    by rewrite (bigD1 s) //= (negbTE bad) Rmult_0_l.
  rewrite (eq_bigr (fun s => if r \in w s then z else 1)) => [|s _]; last by rewrite ok.
  rewrite -big_mkcond /= big_const /coverage cardsE.
  by elim: #|_| => //= n ->.
rewrite -(bigA_distr_bigA (fun (_ : 'I_N) S => if S \in facts K M then if r \in S then z else 1 else 0)) /=.
rewrite (eq_bigr (fun _ => SUM (S in facts K M) (if r \in S then z else 1))) => [|s _]; last by rewrite [RHS]big_mkcond.
rewrite big_const card_ord; move: (\big[_/_]_(_ in _) _) => x.
by elim: N => //= n ->.
Qed.

(* Claim coverage-half-mean. *)
Theorem half_mean_tail r :
  real_prob K (half_covered r : pred (world N M)) <= exp (- (INR N * INR K ^ 2 / (2 * INR M ^ 2))).
Proof.
have [p0 p1] := p_bounds; have M0 := INR_gt0 M_gt0; have t0 := total_gt0.
have all0 := INR_gt0 (worlds_gt0 N KM).
have -> : - (INR N * INR K ^ 2 / (2 * INR M ^ 2)) = INR N * (- (p * p / 2)) by rewrite /p; field; lra.
apply: (Rmult_le_reg_r (INR #|worlds N K M|)) => //.
rewrite /real_prob /Rdiv Rmult_assoc Rinv_l ?Rmult_1_r; last by lra.
apply: (Rmult_le_reg_r (exp (INR N * (- (p * p))))); first exact: exp_pos.
have markov : INR #|among_worlds K (half_covered r : pred (world N M))| * exp (INR N * (- (p * p)))
              <= (total * (1 - p + p * exp (- (2 * p)))) ^ N.
  rewrite -(sum_of_worlds r) -sum_const.
  apply: (Rle_trans _ (SUM (w in among_worlds K (half_covered r : pred (world N M))) exp (- (2 * p)) ^ coverage w r)).
    apply: sum_le => w; rewrite inE => /andP[_ half]; rewrite -exp_pow.
    have : INR (coverage w r) * (2 * p) <= INR N * (p * p).
      have := INR_le_of_leq half; rewrite !mult_INR /= => half'.
      have -> : INR (coverage w r) * (2 * p) = (1 + 1) * INR M * INR (coverage w r) * (p / INR M) by field; lra.
      have -> : INR N * (p * p) = INR N * INR K * (p / INR M) by rewrite /p; field; lra.
      apply: Rmult_le_compat_r half'; apply: Rmult_le_pos => //; exact/Rlt_le/Rinv_0_lt_compat.
    move=> le; have [lt | ->] : INR N * (- (p * p)) <= INR (coverage w r) * - (2 * p) by lra.
      by apply/Rlt_le/exp_increasing.
    by lra.
  rewrite big_mkcond [X in _ <= X]big_mkcond /=; apply: (big_ind2 Rle) => // [|x y u v|w _]; try lra.
  rewrite inE; case: (w \in _) => /=; last by lra.
  by case: ifP => _; [lra | apply/Rlt_le/pow_lt/exp_pos].
apply: Rle_trans markov _.
rewrite card_worlds INR_pow -/total Rpow_mult_distr.
have factor : 1 - p + p * exp (- (2 * p)) <= exp (- (p * p / 2) + - (p * p)).
  have two_p : 0 <= 2 * p by lra.
  apply: Rle_trans (hoeffding _ p0 p1 _ two_p) _; right; congr exp; field.
have -> : exp (INR N * - (p * p / 2)) * total ^ N * exp (INR N * - (p * p))
          = total ^ N * exp (- (p * p / 2) + - (p * p)) ^ N.
  by rewrite !exp_pow exp_plus Rpow_mult_distr; ring.
apply: Rmult_le_compat_l; first by apply: pow_le; lra.
apply: pow_incr; split=> //.
have := exp_pos (- (2 * p)) => e; have : 0 <= p * exp (- (2 * p)) by apply: Rmult_le_pos; lra.
by lra.
Qed.

(* Claim coverage-union. *)
Theorem half_mean_union T : #|T| = K ->
  real_prob K (some_half_covered T : pred (world N M)) <= Rmin 1 (INR K * exp (- (INR N * INR K ^ 2 / (2 * INR M ^ 2)))).
Proof.
move=> TK; apply: Rmin_glb; first exact: real_prob_le1.
have all0 := INR_gt0 (worlds_gt0 N KM); rewrite -TK -sum_const TK.
apply: (Rle_trans _ (SUM (r in T) real_prob K (half_covered r : pred (world N M)))); last first.
  by apply: sum_le => r _; apply: half_mean_tail.
have count : (#|among_worlds K (some_half_covered T : pred (world N M))|
              <= \sum_(r in T) #|among_worlds K (half_covered r : pred (world N M))|)%N.
  have -> : among_worlds K (some_half_covered T : pred (world N M)) = \bigcup_(r in T) among_worlds K (half_covered r : pred (world N M)).
    apply/setP => w; rewrite inE; apply/andP/bigcupP => [[ww /exists_inP[r rT half]] | [r rT]].
      by exists r => //; rewrite inE ww.
    by rewrite inE => /andP[-> half]; split=> //; apply/exists_inP; exists r.
  apply: (big_ind2 (fun (A : {set world N M}) n => #|A| <= n)%N) => // [|A m B n Am Bn]; first by rewrite cards0.
  by apply: leq_trans (leq_card_setU A B) _; rewrite leq_add.
apply: (Rle_trans _ (INR (\sum_(r in T) #|among_worlds K (half_covered r : pred (world N M))|) / INR #|worlds N K M|)).
  apply: Rmult_le_compat_r; first exact/Rlt_le/Rinv_0_lt_compat.
  exact: INR_le_of_leq.
right; apply: (big_ind2 (fun n x => INR n / INR #|worlds N K M| = x)) => // [|m x n y <- <-]; rewrite /Rdiv.
  by rewrite /= Rmult_0_l.
by rewrite plus_INR Rmult_plus_distr_r.
Qed.

End HalfMean.
