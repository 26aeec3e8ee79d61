(* The world of the covering laws, and how many worlds there are.

   R templates, numbered 0 to R-1. A fact is written with a set of K of them. A world gives such a
   set to each of N facts, and all worlds are equally likely: that is the same as N independent
   facts, each with a uniform K-subset. A probability is a number of worlds divided by the number
   of all worlds, a rational. The held-out fact has a set T of K own templates; every law below
   holds for each T, hence also for a T drawn at random, independently of the world. *)
From mathcomp Require Import all_ssreflect all_algebra.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Import GRing.Theory Num.Theory.
Local Open Scope ring_scope.

Section World.
Variables N K R : nat.

Definition facts : {set {set 'I_R}} := [set S : {set 'I_R} | #|S| == K].

Definition world := {ffun 'I_N -> {set 'I_R}}.

Definition worlds : {set world} := [set w : world | [forall s, w s \in facts]].

Definition among_worlds (E : pred world) : {set world} := [set w in worlds | E w].

Definition prob (E : pred world) : rat := #|among_worlds E|%:R / #|worlds|%:R.

(* A template is unseen if no fact of the world was written with it. *)
Definition unseen (w : world) (r : 'I_R) := [forall s, r \notin w s].

(* The coverage of a template: how many facts were written with it. *)
Definition coverage (w : world) (r : 'I_R) := #|[set s | r \in w s]|.

Definition none_seen (T : {set 'I_R}) (w : world) := [forall r in T, unseen w r].

Definition some_unseen (T : {set 'I_R}) (w : world) := [exists r in T, unseen w r].

Lemma none_seenE T w : none_seen T w = [forall s, w s \subset ~: T].
Proof.
apply/forall_inP/forallP => [unseenT s | outside r rT].
  by apply/subsetP => r rs; rewrite inE; apply: contraL rs => /unseenT /forallP.
by apply/forallP => s; apply: contraL rT => rs; move/subsetP: (outside s) => /(_ r rs); rewrite inE.
Qed.

Lemma card_facts_within (A : {set 'I_R}) :
  #|[set w : world | [forall s, w s \in [set S : {set 'I_R} | S \subset A & #|S| == K]]]| = ('C(#|A|, K) ^ N)%N.
Proof.
rewrite -cards_draws -[in RHS](card_ord N) -card_ffun_on cardsE.
by apply: eq_card => w; rewrite !inE; apply: eq_forallb.
Qed.

Lemma card_worlds : #|worlds| = ('C(R, K) ^ N)%N.
Proof.
rewrite -[in RHS](card_ord R) -cardsT -card_facts_within.
by apply: eq_card => w; rewrite !inE; apply: eq_forallb => s; rewrite !inE subsetT.
Qed.

Lemma card_none_seen T : #|among_worlds (none_seen T)| = ('C(R - #|T|, K) ^ N)%N.
Proof.
have -> : (R - #|T| = #|~: T|)%N by rewrite [in RHS]cardsCs setCK card_ord.
rewrite -card_facts_within; apply: eq_card => w.
rewrite !inE none_seenE; apply/andP/forallP => [[/forallP size /forallP out] s | both].
  by move: (size s); rewrite !inE out.
by split; apply/forallP => s; move: (both s); rewrite !inE => /andP[].
Qed.

Lemma worlds_gt0 : (K <= R)%N -> (0 < #|worlds|)%N.
Proof. by move=> KR; rewrite card_worlds expn_gt0 bin_gt0 KR. Qed.

(* Law (a): none of the own templates is seen. *)
Theorem prob_none_seen (T : {set 'I_R}) : #|T| = K ->
  prob (none_seen T) = ('C(R - K, K)%:R / 'C(R, K)%:R) ^+ N.
Proof. by move=> TK; rewrite /prob card_none_seen card_worlds TK expr_div_n !natrX. Qed.

End World.
