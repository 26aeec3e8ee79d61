(* Softmax, and how the difference of two probabilities follows the difference of their logits.

   With z = 2 (F(v) - F(w)) the difference p_v - p_w has the sign of z and is at most |z|/4. *)
From Coq Require Import Reals Lra.
From mathcomp Require Import all_ssreflect.
From factbound Require Import half_mean.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope R_scope.

Section Softmax.
Variable V : finType.
Implicit Types (F : V -> R) (v w : V).

Definition softmax F v := exp (F v) / \big[Rplus/0]_w exp (F w).

(* tanh(y/2) <= y/2, without division. *)
Lemma exp_chord y : 0 <= y -> exp y - 1 <= y / 2 * (exp y + 1).
Proof.
pose g x := x / 2 * (exp x + 1) - (exp x - 1); pose g' x := / 2 * (exp x + 1) + x / 2 * exp x - exp x.
have dg x : derivable_pt_lim g x (g' x).
  have -> : g' x = ((1 * / 2 + x * 0) * (exp x + 1) + x * / 2 * (exp x + 0)) - (exp x - 0) by rewrite /g'; field.
  apply: (derivable_pt_lim_minus (fun x => x * / 2 * (exp x + 1)) (fun x => exp x - 1)).
    apply: (derivable_pt_lim_mult (fun x => x * / 2) (fun x => exp x + 1)).
      apply: (derivable_pt_lim_mult id (fun _ => / 2)); first exact: derivable_pt_lim_id.
      exact: derivable_pt_lim_const.
    apply: (derivable_pt_lim_plus exp (fun _ => 1)); first exact: derivable_pt_lim_exp.
    exact: derivable_pt_lim_const.
  apply: (derivable_pt_lim_minus exp (fun _ => 1)); first exact: derivable_pt_lim_exp.
  exact: derivable_pt_lim_const.
have g'_ge0 x : 0 <= g' x.
  have -> : g' x = exp x * (exp (- x) - 1 + x) / 2.
    have inverse : exp x * exp (- x) = 1 by rewrite -exp_plus Rplus_opp_r exp_0.
    transitivity ((exp x * exp (- x) - exp x + exp x * x) / 2); last by field.
    by rewrite inverse /g'; field.
  have := exp_ineq1_le (- x); have := exp_pos x => e le.
  have : 0 <= exp x * (exp (- x) - 1 + x) by apply: Rmult_le_pos; lra.
  by lra.
case=> [y0 | <-]; last by rewrite exp_0; lra.
have [c [growth _]] := MVT_cor2 g g' 0 y y0 (fun c _ => dg c).
have : 0 <= g' c * (y - 0) by apply: Rmult_le_pos => //; lra.
by move: growth; rewrite /g exp_0; lra.
Qed.

Lemma partition_ge F v w : v != w -> exp (F v) + exp (F w) <= \big[Rplus/0]_x exp (F x).
Proof.
move=> vw; rewrite (bigD1 v) //= (bigD1 w) /=; last by rewrite eq_sym.
have : 0 <= \big[Rplus/0]_(x | (x != v) && (x != w)) exp (F x); last by lra.
by apply: (big_ind (Rle 0)) => [|x y|x _]; [lra | lra | exact/Rlt_le/exp_pos].
Qed.

(* Upwards; the other direction is the same with v and w exchanged. *)
Lemma softmax_difference F v w : v != w -> F w <= F v -> 0 <= softmax F v - softmax F w <= (F v - F w) / 2.
Proof.
move=> vw le; have total := partition_ge F vw; rewrite /softmax.
have ev := exp_pos (F v); have ew := exp_pos (F w).
have -> : exp (F v) = exp (F w) * exp (F v - F w) by rewrite -exp_plus; congr exp; lra.
move: total; have -> : exp (F v) = exp (F w) * exp (F v - F w) by rewrite -exp_plus; congr exp; lra.
move: (\big[Rplus/0]_x exp (F x)) => D total.
have y0 : 0 <= F v - F w by lra.
move: (F v - F w) y0 (exp_chord y0) total => y y0 chord total.
have e1 : 1 <= exp y by have := exp_ineq1_le y; lra.
have D0 : 0 < D.
  have : 0 < exp (F w) * exp y by apply: Rmult_lt_0_compat => //; lra.
  by lra.
have -> : exp (F w) * exp y / D - exp (F w) / D = exp (F w) * (exp y - 1) / D by field; lra.
split.
  apply: Rmult_le_pos; last exact/Rlt_le/Rinv_0_lt_compat.
  by apply: Rmult_le_pos; lra.
apply: (Rmult_le_reg_r D) => //; rewrite /Rdiv Rmult_assoc Rinv_l ?Rmult_1_r; last by lra.
apply: (Rle_trans _ (y / 2 * (exp (F w) * exp y + exp (F w)))).
  have -> : y / 2 * (exp (F w) * exp y + exp (F w)) = exp (F w) * (y / 2 * (exp y + 1)) by ring.
  by apply: Rmult_le_compat_l => //; lra.
by apply: Rmult_le_compat_l => //; lra.
Qed.

End Softmax.
