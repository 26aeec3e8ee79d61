(* Hoeffding's lemma for one yes-or-no draw: 1 - p + p exp(-t) <= exp(-p t + t^2/8) for t >= 0.

   psi(t) = -p t + t^2/8 - ln(1 - p + p exp(-t)) starts at 0 with slope 0, and its second derivative is a square. *)
From Coq Require Import Reals Lra.
Local Open Scope R_scope.

Section Hoeffding.
Variable p : R.
Hypothesis p_ge0 : 0 <= p.
Hypothesis p_le1 : p <= 1.

Let mean (t : R) := (1 - p) + p * exp (- t).
Let share (t : R) := p * exp (- t) / mean t.
Let psi (t : R) := - p * t + t * t / 8 - ln (mean t).
Let slope (t : R) := - p + t / 4 + share t.

Lemma mean_gt0 t : 0 < mean t.
Proof.
unfold mean; assert (e := exp_pos (- t)); destruct (Req_dec p 0) as [-> | nonzero]; [lra |].
assert (0 < p * exp (- t)) by (apply Rmult_lt_0_compat; lra); lra.
Qed.

Lemma exp_opp_derivative t : derivable_pt_lim (fun x => exp (- x)) t (- exp (- t)).
Proof.
replace (- exp (- t)) with (exp (- t) * - 1) by ring.
apply (derivable_pt_lim_comp (fun x => - x) exp); [| apply derivable_pt_lim_exp].
apply derivable_pt_lim_opp, derivable_pt_lim_id.
Qed.

Lemma scaled_derivative t : derivable_pt_lim (fun x => p * exp (- x)) t (- (p * exp (- t))).
Proof.
replace (- (p * exp (- t))) with (p * - exp (- t)) by ring.
apply (derivable_pt_lim_scal (fun x => exp (- x))), exp_opp_derivative.
Qed.

Lemma mean_derivative t : derivable_pt_lim mean t (- (p * exp (- t))).
Proof.
replace (- (p * exp (- t))) with (0 + - (p * exp (- t))) by ring.
apply (derivable_pt_lim_plus (fun _ => 1 - p)); [apply derivable_pt_lim_const | apply scaled_derivative].
Qed.

Lemma slope_derivative t : derivable_pt_lim slope t ((1 / 2 - share t) * (1 / 2 - share t)).
Proof.
assert (m := mean_gt0 t).
replace ((1 / 2 - share t) * (1 / 2 - share t)) with
  ((0 + 1 / 4) + (- (p * exp (- t)) * mean t - - (p * exp (- t)) * (p * exp (- t))) / Rsqr (mean t)).
- apply (derivable_pt_lim_plus (fun x => - p + x / 4) share).
  + apply (derivable_pt_lim_plus (fun _ => - p) (fun x => x / 4)); [apply derivable_pt_lim_const |].
    replace (1 / 4) with (1 * / 4 + id t * 0) by (unfold id; field).
    apply (derivable_pt_lim_mult id (fun _ => / 4)); [apply derivable_pt_lim_id | apply derivable_pt_lim_const].
  + apply (derivable_pt_lim_div (fun x => p * exp (- x)) mean); [apply scaled_derivative | apply mean_derivative | lra].
- unfold share, Rsqr; field; lra.
Qed.

Lemma psi_derivative t : derivable_pt_lim psi t (slope t).
Proof.
assert (m := mean_gt0 t).
replace (slope t) with ((- p * 1 + (1 * t + t * 1) / 8) - / mean t * - (p * exp (- t))) by (unfold slope, share; field; lra).
apply (derivable_pt_lim_minus (fun x => - p * x + x * x / 8) (fun x => ln (mean x))).
- apply (derivable_pt_lim_plus (fun x => - p * x) (fun x => x * x / 8)).
  + apply (derivable_pt_lim_scal id), derivable_pt_lim_id.
  + replace ((1 * t + t * 1) / 8) with ((1 * t + t * 1) * / 8 + (t * t) * 0) by field.
    apply (derivable_pt_lim_mult (fun x => x * x) (fun _ => / 8)); [| apply derivable_pt_lim_const].
    apply (derivable_pt_lim_mult id id); apply derivable_pt_lim_id.
- apply (derivable_pt_lim_comp mean ln); [apply mean_derivative | apply derivable_pt_lim_ln, m].
Qed.

Lemma mean_0 : mean 0 = 1.
Proof. unfold mean; rewrite Ropp_0, exp_0; ring. Qed.

Lemma slope_ge0 t : 0 <= t -> 0 <= slope t.
Proof.
intros [t0 | <-]; assert (slope 0 = 0) by (unfold slope, share; rewrite mean_0, Ropp_0, exp_0; field); [| lra].
destruct (MVT_cor2 slope _ 0 t t0 (fun c _ => slope_derivative c)) as [c [growth _]].
assert (square := Rle_0_sqr (1 / 2 - share c)); unfold Rsqr in square.
assert (0 <= (1 / 2 - share c) * (1 / 2 - share c) * (t - 0)) by (apply Rmult_le_pos; lra); lra.
Qed.

Lemma psi_ge0 t : 0 <= t -> 0 <= psi t.
Proof.
intros [t0 | <-]; assert (psi 0 = 0) by (unfold psi; rewrite mean_0, ln_1; field); [| lra].
destruct (MVT_cor2 psi _ 0 t t0 (fun c _ => psi_derivative c)) as [c [growth [c0 _]]].
assert (0 <= slope c * (t - 0)) by (apply Rmult_le_pos; [apply slope_ge0 |]; lra); lra.
Qed.

Theorem hoeffding t : 0 <= t -> 1 - p + p * exp (- t) <= exp (- p * t + t * t / 8).
Proof.
intros t0; assert (nonneg := psi_ge0 t t0); unfold psi in nonneg.
assert (le : ln (mean t) <= - p * t + t * t / 8) by lra.
change (mean t <= exp (- p * t + t * t / 8)).
rewrite <- (exp_ln (mean t)) by apply mean_gt0.
destruct le as [lt | ->]; [left; apply exp_increasing, lt | right; reflexivity].
Qed.

End Hoeffding.
