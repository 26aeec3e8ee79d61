(* The coverage of a template is Binomial(N, K/R). *)
From mathcomp Require Import all_ssreflect all_algebra.
From factbound Require Import world laws monotone.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import Order.Theory GRing.Theory Num.Theory.

Section FirstFact.
Variables (N K R : nat) (r : 'I_R).

Lemma coverageE n (w : world n R) : coverage w r = \sum_s (r \in w s).
Proof. by rewrite /coverage -sum1_card big_mkcond; apply: eq_bigr => s _; rewrite inE; case: (r \in _). Qed.

Lemma coverage_split (w : world N.+1 R) : coverage w r = (r \in (split_world w).2) + coverage (split_world w).1 r.
Proof. by rewrite !coverageE big_ord_recl; congr (_ + _); apply: eq_bigr => s _; rewrite ffunE. Qed.

Definition join_world (p : world N R * {set 'I_R}) : world N.+1 R :=
  [ffun s => if unlift ord0 s is Some i then p.1 i else p.2].

Lemma join_worldK p : split_world (join_world p) = p.
Proof.
case: p => w S; congr (_, _); last by rewrite ffunE unlift_none.
by apply/ffunP => s; rewrite !ffunE liftK.
Qed.

Definition with_coverage n c := [set w in worlds n K R | coverage w r == c].
Definition showing := [set S in facts K R | r \in S].
Definition avoiding := [set S in facts K R | r \notin S].

Lemma card_avoiding : #|avoiding| = 'C(R.-1, K).
Proof.
have -> : R.-1 = #|~: [set r]| by rewrite cardsC1 card_ord.
by rewrite -cards_draws; apply: eq_card => S; rewrite !inE subsetC sub1set inE andbC.
Qed.

Lemma card_showing : #|showing| + 'C(R.-1, K) = 'C(R, K).
Proof.
rewrite -card_avoiding -[in RHS](card_ord R) -card_draws -[in RHS](cardsID [set S : {set 'I_R} | r \in S]).
by congr (_ + _); apply: eq_card => S; rewrite !inE andbC.
Qed.

(* Of the first fact only matters whether it shows r. *)
Lemma first_fact c (shown : bool) :
  #|[set w in with_coverage N.+1 (shown + c) | (r \in w ord0) == shown]|
  = #|if shown then showing else avoiding| * #|with_coverage N c|.
Proof.
rewrite mulnC -cardsX -(card_imset _ (@split_world_inj N R)); apply: eq_card => -[v S].
rewrite in_setX; apply/imsetP/andP => [[w + [-> ->]] | [rest first]].
  rewrite !inE coverage_split => /andP[/andP[/forallP size]] /[swap] /eqP /= showsE.
  rewrite showsE eqn_add2l => coverE; split.
    by rewrite coverE andbT; apply/forallP => s; rewrite ffunE.
  by move: (size ord0); case: shown showsE => showsE; rewrite !inE showsE => ->.
exists (join_world (v, S)); last by rewrite join_worldK.
have := coverage_split (join_world (v, S)); rewrite join_worldK /= => coverE.
have shows : (r \in S) = shown by case: shown first; rewrite inE => /andP[_]; [move=> -> | move/negbTE].
have S_K : S \in facts K R by case: shown first {shows}; rewrite inE => /andP[].
move: rest; rewrite !inE => /andP[/forallP size cover].
rewrite coverE shows eqn_add2l cover ffunE unlift_none /= shows eqxx !andbT.
by apply/forallP => s; rewrite ffunE; case: (unlift ord0 s).
Qed.

End FirstFact.

Section Binomial.
Variables (N K R : nat) (r : 'I_R).
Hypothesis KR : K <= R.

Lemma card_with_coverage c : #|with_coverage K r N c| = 'C(N, c) * (#|showing K r| ^ c * #|avoiding K r| ^ (N - c)).
Proof.
elim: N c => [|n IH] c.
  case: c => [|c]; last first.
    by apply/eqP; rewrite bin0n mul0n cards_eq0 -subset0; apply/subsetP => w;
       rewrite !inE /coverage => /andP[_]; rewrite (_ : [set s | _] = set0) ?cards0 //; apply/setP => -[].
  rewrite bin0 subn0 !expn0 -[RHS](expn0 'C(R, K)) -card_worlds; apply: eq_card => w.
  by rewrite !inE /coverage (_ : [set s | _] = set0) ?cards0 ?andbT //; apply/setP => -[].
rewrite -(cardsID [set w : world n.+1 R | r \in w ord0]).
have -> : #|with_coverage K r n.+1 c :&: [set w : world n.+1 R | r \in w ord0]|
          = if c is d.+1 then #|showing K r| * #|with_coverage K r n d| else 0.
  case: c => [|d].
    apply/eqP; rewrite cards_eq0 -subset0; apply/subsetP => w; rewrite !inE coverage_split /=.
    by case: (r \in w ord0); rewrite ?andbF.
  by rewrite -(first_fact n K r d true); apply: eq_card => w; rewrite !inE eqb_id.
have -> : #|with_coverage K r n.+1 c :\: [set w : world n.+1 R | r \in w ord0]| = #|avoiding K r| * #|with_coverage K r n c|.
  by rewrite -(first_fact n K r c false); apply: eq_card => w; rewrite !inE eqbF_neg andbC.
move: #|showing K r| #|avoiding K r| IH => a b IH.
case: c => [|d]; rewrite !IH; first by rewrite !bin0 !subn0 !expn0 !mul1n add0n expnS.
rewrite binS mulnDl addnC subSS; congr (_ + _); last by rewrite expnS mulnCA -!mulnA.
case: (leqP d.+1 n) => [big | small]; last by rewrite bin_small // !mul0n muln0.
by rewrite mulnCA -(subnSK big) [b ^ _.+1]expnS; congr (_ * _); rewrite mulnCA.
Qed.

End Binomial.

Local Open Scope ring_scope.

(* Claim coverage-half-mean, its first half. *)
Theorem prob_coverage N K R (r : 'I_R) c : (K <= R)%N ->
  prob K ((fun w => coverage w r == c) : pred (world N R))
  = 'C(N, c)%:R * (K%:R / R%:R) ^+ c * (1 - K%:R / R%:R) ^+ (N - c).
Proof.
move=> KR; have total : 'C(R, K)%:R != 0 :> rat by rewrite pnatr_eq0 -lt0n bin_gt0.
have miss := one_avoids KR.
have show : #|showing K r|%:R / 'C(R, K)%:R = K%:R / R%:R :> rat.
  have : #|showing K r|%:R + 'C(R.-1, K)%:R = 'C(R, K)%:R :> rat by rewrite -natrD card_showing.
  by move/(congr1 (fun x => x / 'C(R, K)%:R)); rewrite mulrDl (divff total) miss => /(canRL (addrK _)); rewrite subKr.
rewrite -miss -show /prob card_worlds -/(with_coverage K r N c) card_with_coverage // card_avoiding.
case: (leqP c N) => [cN | ?]; last by rewrite bin_small // !mul0r.
have -> : ('C(R, K) ^ N)%:R = 'C(R, K)%:R ^+ c * 'C(R, K)%:R ^+ (N - c) :> rat by rewrite -exprD subnKC // natrX.
rewrite !natrM !natrX !expr_div_n invfM -[LHS]mulrA -[RHS]mulrA; congr (_ * _).
exact: mulrACA.
Qed.
