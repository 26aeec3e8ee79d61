(* One template more in the universe: some own template is unseen at least as often.

   Of the first R templates, a K-subset of R+1 templates holds K, or K-1 if it contains the last one. Fewer
   templates leave more own templates to be seen. The two universes are compared by induction over the
   facts; the state is the set of own templates not seen so far. *)
From mathcomp Require Import all_ssreflect all_algebra.
From factbound Require Import world laws monotone.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.

(* Among the sets of k+1 templates a growing function is on average at least what it is among those of k. *)
Lemma sum_grows R k (g : {set 'I_R} -> nat) : {homo g : A B / A \subset B >-> A <= B} ->
  (R - k) * (\sum_(B in facts k R) g B) <= k.+1 * \sum_(A in facts k.+1 R) g A.
Proof.
move=> grows.
have -> : (R - k) * (\sum_(B in facts k R) g B) = \sum_(B in facts k R) \sum_(x | x \notin B) g B.
  rewrite big_distrr /=; apply: eq_bigr => B; rewrite inE => /eqP Bk; rewrite sum_nat_const; congr (_ * _).
  rewrite -Bk (_ : R - #|B| = #|~: B|); last by rewrite [in RHS]cardsCs setCK card_ord.
  by apply: eq_card => x; rewrite !inE.
have -> : k.+1 * (\sum_(A in facts k.+1 R) g A) = \sum_(A in facts k.+1 R) \sum_(x in A) g A.
  by rewrite big_distrr /=; apply: eq_bigr => A; rewrite inE => /eqP Ak; rewrite sum_nat_const Ak.
rewrite (exchange_big_dep xpredT) //= [X in _ <= X](exchange_big_dep xpredT) //=; apply: leq_sum => x _.
rewrite [X in _ <= X](reindex_onto (fun B => x |: B) (fun A => A :\ x)) /=; last first.
  by move=> A /andP[_ xA]; rewrite setD1K.
rewrite [X in _ <= X](eq_bigl (fun B => (B \in facts k R) && (x \notin B))); last first.
  move=> B; rewrite !inE eqxx andbT cardsU1; case xB: (x \in B) => /=.
    by rewrite andbF; apply/andP => -[_ /eqP same]; move: xB; rewrite -same !inE eqxx.
  by rewrite add1n eqSS setU1K ?xB // eqxx !andbT.
by apply: leq_sum => B _; apply: grows; apply: subsetUr.
Qed.

(* The worlds in which every template of T is seen, counted by the templates of the first fact. *)
Definition join_world N R (p : {set 'I_R} * world N R) : world N.+1 R :=
  [ffun s => if unlift ord0 s is Some i then p.2 i else p.1].

Definition all_seen N K R (T : {set 'I_R}) := #|among_worlds K (predC (some_unseen T) : pred (world N R))|.

Lemma all_seen_first N K R (T : {set 'I_R}) :
  all_seen N.+1 K T = \sum_(A in facts K R) all_seen N K (T :\: A).
Proof.
have join_first p : @join_world N R p ord0 = p.1 by rewrite ffunE unlift_none.
have join_rest p i : @join_world N R p (lift ord0 i) = p.2 i by rewrite ffunE liftK.
rewrite /all_seen -sum1_card (reindex (@join_world N R)) /=; last first.
  exists (fun w => (w ord0, [ffun s => w (lift ord0 s)])) => [p _ | w _].
    by rewrite join_first; case: p => A w /=; congr (_, _); apply/ffunP => i; rewrite ffunE join_rest.
  apply/ffunP => s; case: (unliftP ord0 s) => [i ->|->]; first by rewrite join_rest ffunE.
  by rewrite join_first.
under [RHS]eq_bigr do rewrite -sum1_card.
rewrite pair_big_dep /=; apply: eq_bigl => -[A w] /=; rewrite !inE.
have -> : [forall s, join_world (A, w) s \in facts K R] = (#|A| == K) && [forall s, w s \in facts K R].
  apply/forallP/andP => [size | [size /forallP others] s].
    split; first by move: (size ord0); rewrite join_first inE.
    by apply/forallP => s; move: (size (lift ord0 s)); rewrite join_rest.
  by case: (unliftP ord0 s) => [i ->|->]; rewrite ?join_rest ?join_first // inE.
rewrite -andbA; congr (_ && (_ && ~~ _)).
apply/exists_inP/exists_inP => -[r rT /forallP out].
  exists r; first by move: (out ord0); rewrite join_first inE rT andbT.
  by apply/forallP => s; move: (out (lift ord0 s)); rewrite join_rest.
move: rT; rewrite inE => /andP[rA rT]; exists r => //; apply/forallP => s.
by case: (unliftP ord0 s) => [i ->|->]; rewrite ?join_rest ?join_first.
Qed.

Lemma all_seen_no_facts K R (T : {set 'I_R}) : all_seen 0 K T = (T == set0).
Proof.
have -> : (T == set0 : nat) = #|[set w : world 0 R | T == set0]|.
  case: (T == set0); last by rewrite (eq_card0 (A := _)) // => w; rewrite inE.
  by rewrite (eq_card (B := predT)) ?card_ffun ?card_ord // => w; rewrite inE.
apply: eq_card => w; rewrite !inE; have -> : [forall s, w s \in facts K R] by apply/forallP => -[].
rewrite /= -[RHS]negbK; congr negb.
by apply/exists_inP/set0Pn => [[r rT _] | [r rT]]; exists r => //; apply/forallP => -[].
Qed.

Lemma all_seen_mono N K R (S T : {set 'I_R}) : S \subset T -> all_seen N K T <= all_seen N K S.
Proof.
move=> ST; apply/subset_leq_card/subsetP => w; rewrite !inE => /andP[-> /=]; apply: contra.
by move=> /exists_inP[r rS out]; apply/exists_inP; exists r => //; apply: (subsetP ST).
Qed.

(* The first R of R+1 templates are the old ones; the last is new. *)
Section Larger.
Variable R : nat.
Let old : 'I_R -> 'I_R.+1 := lift ord_max.
Let old_inj : injective old := lift_inj (h := ord_max).

Lemma old_preim (A : {set 'I_R}) : old @^-1: (old @: A) = A.
Proof. by apply/setP => x; rewrite inE mem_imset. Qed.

Lemma new_not_old (A : {set 'I_R}) : (ord_max \in old @: A) = false.
Proof. by apply/negP => /imsetP[x _ /eqP]; apply/negP/neq_lift. Qed.

Lemma preim_new (A : {set 'I_R}) : old @^-1: (ord_max |: old @: A) = A.
Proof. by apply/setP => x; rewrite !inE mem_imset // eq_sym (negbTE (neq_lift ord_max x)). Qed.

Lemma old_image (A : {set 'I_R.+1}) : old @: (old @^-1: A) = A :\ ord_max.
Proof.
apply/setP => x; rewrite 2!inE; case: (unliftP ord_max x) => [y -> | ->]; last by rewrite new_not_old eqxx.
by rewrite mem_imset // inE eq_sym neq_lift.
Qed.

Lemma sum_larger K (g : {set 'I_R} -> nat) :
  \sum_(A in facts K R.+1) g (old @^-1: A)
  = \sum_(A in facts K R) g A + \sum_(B : {set 'I_R} | #|B|.+1 == K) g B.
Proof.
rewrite (bigID (fun A : {set 'I_R.+1} => ord_max \in A)) /= addnC; congr (_ + _).
  rewrite (reindex_onto (fun A : {set 'I_R} => old @: A) (fun A : {set 'I_R.+1} => old @^-1: A)) /=; last first.
    by move=> A /andP[_ new]; rewrite old_image; apply/setDidPl; rewrite disjoint_sym disjoints1.
  by apply: eq_big => [A | A _]; rewrite ?old_preim // !inE card_imset // new_not_old eqxx !andbT.
rewrite (reindex_onto (fun A : {set _} => ord_max |: old @: A) (fun A : {set _} => old @^-1: A)) /=; last first.
  by move=> A /andP[_ new]; rewrite old_image setD1K.
apply: eq_big => [A | A _]; rewrite ?preim_new //.
by rewrite !inE cardsU1 new_not_old card_imset // !eqxx /= !andbT add1n.
Qed.

Lemma larger_average K (g : {set 'I_R} -> nat) : {homo g : A B / A \subset B >-> A <= B} ->
  (\sum_(A in facts K R.+1) g (old @^-1: A)) * 'C(R, K) <= (\sum_(A in facts K R) g A) * 'C(R.+1, K).
Proof.
move=> grows; rewrite sum_larger mulnDl; case: K => [|k]; first by rewrite [X in _ + X * _]big_pred0_eq addn0 !bin0.
rewrite binS mulnDr leq_add2l -(leq_pmul2l (m := k.+1)) // mulnCA mul_bin_left [X in _ <= X]mulnA.
rewrite mulnA leq_mul2r [X in X <= _]mulnC; apply/orP; right.
apply: leq_trans (sum_grows k grows); rewrite leq_mul2l; apply/orP; right.
by apply/eq_leq/eq_bigl => B; rewrite inE eqSS.
Qed.

Lemma all_seen_falls_in_R N K (S : {set 'I_R}) :
  all_seen N K (old @: S) * 'C(R, K) ^ N <= all_seen N K S * 'C(R.+1, K) ^ N.
Proof.
elim: N S => [|N IH] S; first by rewrite !muln1 !all_seen_no_facts imset_eq0.
have rest (A : {set 'I_R.+1}) : old @: S :\: A = old @: (S :\: old @^-1: A).
  apply/setP => x; rewrite inE; apply/andP/imsetP => [[xA /imsetP[y yS same]] | [y + ->]].
    by exists y; rewrite // !inE -same xA.
  by rewrite !inE => /andP[yA yS]; rewrite yA mem_imset.
rewrite !all_seen_first expnSr expnS.
apply: (@leq_trans ('C(R.+1, K) ^ N * ((\sum_(A in facts K R.+1) all_seen N K (S :\: old @^-1: A)) * 'C(R, K)))).
  rewrite !mulnA leq_mul2r [X in _ <= X]mulnC !big_distrl /=; apply/orP; right.
  by apply: leq_sum => A _; rewrite rest; apply: IH.
rewrite [X in _ <= X]mulnA [X in _ <= X]mulnC leq_mul2l; apply/orP; right.
apply: (@larger_average K (fun A => all_seen N K (S :\: A))) => A B AB.
by apply/all_seen_mono/setDS.
Qed.

End Larger.

Local Open Scope ring_scope.

(* S and T may be any own templates: the probability depends on their number only. *)
Theorem some_unseen_rises_in_R N K R (S : {set 'I_R}) (T : {set 'I_R.+1}) : #|S| = K -> #|T| = K ->
  prob K (some_unseen S : pred (world N R)) <= prob K (some_unseen T : pred (world N R.+1)).
Proof.
move=> SK TK; have KR := own_fits SK; have KR1 := own_fits TK.
have SK1 : #|lift ord_max @: S| = K by rewrite card_imset //; apply: lift_inj.
rewrite (prob_some_unseen N TK) -(prob_some_unseen N SK1) -ler_opp2 -(ler_add2l 1) -!prob_predC //.
rewrite le_fractions ?worlds_gt0 // !card_worlds; apply: all_seen_falls_in_R.
Qed.
