(* What is proved, and on what it rests: the statement of every main theorem, then its axioms. The build compares
   what Coq prints here with assumptions.txt. *)
From Coq Require Import Reals.
From mathcomp Require Import all_ssreflect all_algebra.
From factbound Require Import world laws monotone larger_universe binomial exponential hoeffding half_mean softmax.
From factbound Require Import extraction compute twins witnesses real_twins real_witnesses.
Set Printing Width 118.
Local Open Scope ring_scope.

(* The covering laws, over the integers and rationals. *)
Check prob_none_seen. Print Assumptions prob_none_seen.
Check prob_some_unseen. Print Assumptions prob_some_unseen.
Check some_unseen_union. Print Assumptions some_unseen_union.
Check none_seen_falls_in_N. Print Assumptions none_seen_falls_in_N.
Check none_seen_falls_in_K. Print Assumptions none_seen_falls_in_K.
Check none_seen_rises_in_R. Print Assumptions none_seen_rises_in_R.
Check some_unseen_falls_in_N. Print Assumptions some_unseen_falls_in_N.
Check some_unseen_rises_in_R. Print Assumptions some_unseen_rises_in_R.
Check some_unseen_does_not_fall_in_K. Print Assumptions some_unseen_does_not_fall_in_K.
Check some_unseen_does_not_rise_in_K. Print Assumptions some_unseen_does_not_rise_in_K.
Check prob_coverage. Print Assumptions prob_coverage.

(* Their executable twins. *)
Check none_seen_twinE. Print Assumptions none_seen_twinE.
Check some_unseen_twinE. Print Assumptions some_unseen_twinE.
Check union_twinE. Print Assumptions union_twinE.

(* Strict somewhere, and refuted mutants: all together. *)
Definition rational_witnesses :=
  (none_seen_witness, some_unseen_witness, union_strict, none_seen_strictly_falls_in_N,
   none_seen_strictly_falls_in_K, none_seen_strictly_rises_in_R, some_unseen_strictly_falls_in_N,
   some_unseen_strictly_rises_in_R).
Check rational_witnesses. Print Assumptions rational_witnesses.
Definition rational_mutants :=
  (none_seen_twice_the_facts, some_unseen_one_term_short, some_unseen_twice_the_facts, union_not_strict,
   union_twice_the_facts, union_one_fact_more, union_one_template_less, some_unseen_rises_not_strictly,
   some_unseen_rises_one_fact_more, some_unseen_rises_one_template_more).
Check rational_mutants. Print Assumptions rational_mutants.

(* Over the real numbers. *)
Close Scope ring_scope.
Local Open Scope R_scope.
Check some_unseen_exponential. Print Assumptions some_unseen_exponential.
Check hoeffding. Print Assumptions hoeffding.
Check half_mean_tail. Print Assumptions half_mean_tail.
Check half_mean_union. Print Assumptions half_mean_union.
Check half_mean_twinE. Print Assumptions half_mean_twinE.
Check real_some_unseen. Print Assumptions real_some_unseen.

(* The linear memory. *)
Print run.
Check prompt_bound. Print Assumptions prompt_bound.
Check no_extraction_without_coverage. Print Assumptions no_extraction_without_coverage.
Check mean_error_at_least_twin. Print Assumptions mean_error_at_least_twin.

(* Strict somewhere, hypotheses that can be met, and refuted mutants: all together. *)
Definition real_witnesses := (exponential_strict, half_mean_strict, extracted_run, mean_error_strict).
Check real_witnesses. Print Assumptions real_witnesses.
Definition real_mutants :=
  (exponential_twice_the_facts, exponential_not_strict, half_mean_not_strict, half_mean_without_half,
   prompt_bound_twice_the_step, without_own_templates_first, mean_error_one_fact_less, mean_error_not_strict).
Check real_mutants. Print Assumptions real_mutants.
