(* The law of "some own template is unseen", by inclusion-exclusion, and its union bound. *)
From mathcomp Require Import all_ssreflect all_algebra.
From factbound Require Import world.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.
Local Open Scope ring_scope.

(* A sum over the subsets of T that depends on their sizes only. *)
Lemma sum_subsets R (T : {set 'I_R}) (f : nat -> rat) :
  \sum_(J : {set 'I_R} | J \subset T) f #|J| = \sum_(j < #|T|.+1) 'C(#|T|, j)%:R * f j.
Proof.
rewrite (partition_big (fun J : {set 'I_R} => inord #|J| : 'I_#|T|.+1) xpredT) //=.
apply: eq_bigr => j _; rewrite -cards_draws mulr_natl -sumr_const.
have size (J : {set 'I_R}) : J \subset T -> (inord #|J| == j) = (#|J| == j).
  by move=> /subset_leq_card JT; rewrite -val_eqE /= inordK.
apply: eq_big => [J | J /andP[JT]]; first by rewrite inE; case JT: (J \subset T) => //=; rewrite size.
by rewrite size // => /eqP ->.
Qed.

Lemma sum_signs R (U : {set 'I_R}) : \sum_(J : {set 'I_R} | J \subset U) (-1) ^+ #|J| = (U == set0)%:R :> rat.
Proof.
rewrite sum_subsets -cards_eq0 -[RHS]/((#|U| == 0%N)%:R) -expr0n -[X in X ^+ _](subrr 1) exprDn.
by apply: eq_bigr => j _; rewrite expr1n mul1r mulr_natl.
Qed.

Section Laws.
Variables N K R : nat.
Implicit Types (T : {set 'I_R}) (w : world N R).

Lemma some_unseenE T w : ~~ some_unseen T w = ([set r in T | unseen w r] == set0).
Proof.
rewrite negb_exists_in -subset0; apply/forall_inP/subsetP => [seen r | out r rT].
  by rewrite inE => /andP[/seen /negP ? ?].
by apply/negP => wr; move: (out r); rewrite !inE rT wr => /(_ isT).
Qed.

Lemma card_all_seen T :
  #|among_worlds K (predC (some_unseen T) : pred (world N R))|%:R
  = \sum_(J : {set 'I_R} | J \subset T) (-1) ^+ #|J| * ('C(R - #|J|, K) ^ N)%:R :> rat.
Proof.
transitivity (\sum_(w in worlds N K R) \sum_(J : {set 'I_R} | J \subset T) (none_seen J w)%:R * (-1) ^+ #|J| : rat).
  rewrite -sum1_card natr_sum /among_worlds.
  rewrite (eq_bigl (fun w => (w \in worlds N K R) && ~~ some_unseen T w)); last by move=> w; rewrite inE.
  rewrite big_mkcondr /=; apply: eq_bigr => w _; rewrite some_unseenE.
  transitivity (([set r in T | unseen w r] == set0)%:R : rat); first by case: (_ == _).
  rewrite -sum_signs [RHS](eq_bigr (fun J : {set 'I_R} => if none_seen J w then (-1) ^+ #|J| else 0)); last first.
    by move=> J _; case: (none_seen J w); rewrite ?mul1r ?mul0r.
  rewrite -big_mkcondr; apply: eq_bigl => J; apply/subsetP/andP => [both | [/subsetP JT /forall_inP none] r rJ].
    split; first by apply/subsetP => r /both; rewrite inE => /andP[].
    by apply/forall_inP => r /both; rewrite inE => /andP[].
  by rewrite inE JT //= none.
rewrite exchange_big /=; apply: eq_bigr => J _; rewrite -mulr_suml mulrC; congr (_ * _).
rewrite -card_none_seen -sum1_card natr_sum big_mkcond [RHS]big_mkcond /=; apply: eq_bigr => w _.
by rewrite [w \in among_worlds _ _]inE; case: (w \in _); case: (none_seen J w).
Qed.

Lemma prob_predC (E : pred (world N R)) : (K <= R)%N -> prob K (predC E) = 1 - prob K E.
Proof.
move=> KR; have total := worlds_gt0 N KR; apply/(canRL (addrK _)).
have total0 : #|worlds N K R|%:R != 0 :> rat by rewrite pnatr_eq0 -lt0n.
rewrite /prob -mulrDl -natrD -[RHS](divff total0); congr (_%:R / _).
rewrite addnC -(cardsID [set w | E w] (worlds N K R)); congr (_ + _)%N.
  by apply: eq_card => w; rewrite !inE.
by apply: eq_card => w; rewrite !inE andbC.
Qed.

(* Law (b): some own template is unseen. *)
Theorem prob_some_unseen T : #|T| = K ->
  prob K (some_unseen T : pred (world N R))
  = \sum_(1 <= j < K.+1) (-1) ^+ j.+1 * 'C(K, j)%:R * ('C(R - j, K)%:R / 'C(R, K)%:R) ^+ N.
Proof.
move=> TK; have KR : (K <= R)%N by rewrite -TK -[X in (_ <= X)%N](card_ord R) max_card.
have total : 'C(R, K)%:R != 0 :> rat by rewrite pnatr_eq0 -lt0n bin_gt0.
have all : prob K (predC (some_unseen T) : pred (world N R))
           = \sum_(0 <= j < K.+1) (-1) ^+ j * 'C(K, j)%:R * ('C(R - j, K)%:R / 'C(R, K)%:R) ^+ N.
  rewrite /prob card_all_seen card_worlds (sum_subsets T (fun j => (-1) ^+ j * ('C(R - j, K) ^ N)%:R)) TK.
  rewrite mulr_suml big_mkord; apply: eq_bigr => j _.
  by rewrite expr_div_n !natrX !mulrA [_ * (-1) ^+ _]mulrC.
move: all; rewrite prob_predC // big_ltn // bin0 subn0 (divff total) expr1n !mulr1 expr0.
move/(congr1 (fun x => 1 - x)); rewrite subKr opprD addrA subrr add0r => ->.
by rewrite -sumrN; apply: eq_bigr => j _; rewrite exprS !mulNr mul1r.
Qed.

(* The union bound, in numbers of worlds. *)
Lemma card_some_unseen T : (#|among_worlds K (some_unseen T : pred (world N R))| <= #|T| * 'C(R.-1, K) ^ N)%N.
Proof.
rewrite -sum_nat_const.
have -> : (\sum_(r in T) 'C(R.-1, K) ^ N = \sum_(r in T) \sum_(w in worlds N K R) none_seen [set r] w)%N.
  apply: eq_bigr => r _; rewrite -subn1 -(cards1 r) -card_none_seen -sum1_card big_mkcond [RHS]big_mkcond /=.
  by apply: eq_bigr => w _; rewrite [w \in among_worlds _ _]inE; case: (w \in _); case: (none_seen _ w).
rewrite exchange_big /= -sum1_card big_mkcond [X in (_ <= X)%N]big_mkcond /=; apply: leq_sum => w _.
rewrite inE; case: (w \in _) => //=; case: ifP => // /exists_inP[r rT unseen_r].
rewrite (bigD1 r) //= (_ : none_seen [set r] w) //.
by apply/forall_inP => q; rewrite inE => /eqP ->.
Qed.

(* One fact avoids a given template with probability 1 - K/R. *)
Lemma one_avoids : (K <= R)%N -> 'C(R.-1, K)%:R / 'C(R, K)%:R = 1 - K%:R / R%:R :> rat.
Proof.
move=> KR; case: (posnP R) => [R0 | R0].
  by move: KR; rewrite R0 leqn0 => /eqP ->; rewrite mul0r subr0 divff.
have := congr1 (fun n => n%:R : rat) (mul_bin_down R K); rewrite !natrM natrB // => down.
apply: (mulfI (x := R%:R)); first by rewrite pnatr_eq0 -lt0n.
rewrite mulrA down mulfK ?pnatr_eq0 -?lt0n ?bin_gt0 //.
by rewrite mulrBr mulr1 mulrCA divff ?mulr1 // pnatr_eq0 -lt0n.
Qed.

Lemma prob_le1 (E : pred (world N R)) : (K <= R)%N -> prob K E <= 1.
Proof.
move=> KR; rewrite ler_pdivr_mulr ?ltr0n ?worlds_gt0 // mul1r ler_nat.
by apply: subset_leq_card; apply/subsetP => w; rewrite inE => /andP[].
Qed.

(* Law (c): the union bound. *)
Theorem some_unseen_union T : #|T| = K ->
  prob K (some_unseen T : pred (world N R)) <= Num.min 1 (K%:R * (1 - K%:R / R%:R) ^+ N).
Proof.
move=> TK; have KR : (K <= R)%N by rewrite -TK -[X in (_ <= X)%N](card_ord R) max_card.
rewrite le_minr prob_le1 //= -one_avoids // expr_div_n mulrA ler_pdivr_mulr ?ltr0n ?worlds_gt0 //.
rewrite card_worlds natrX mulfVK ?expf_neq0 ?pnatr_eq0 -?lt0n ?bin_gt0 //.
by rewrite -natrX -natrM ler_nat -[X in (_ <= X * _)%N]TK card_some_unseen.
Qed.

End Laws.
