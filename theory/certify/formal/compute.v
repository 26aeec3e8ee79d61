(* Executable twins of the sides of the theorems, in binary integers.

   Big operators, finite sets and rationals in normal form do not compute well. So each side has a twin
   here: a fraction as a pair (numerator, denominator). File twins proves each equal to its side. *)
From Coq Require Import ZArith.
Local Open Scope Z_scope.

Fixpoint choose (n m : nat) : Z :=
  match m, n with
  | O, _ => 1
  | S _, O => 0
  | S k, S l => Z.of_nat n * choose l k / Z.of_nat m
  end.

Fixpoint power (x : Z) (n : nat) : Z :=
  match n with O => 1 | S m => x * power x m end.

(* Inclusion-exclusion with the terms 1 to j. *)
Fixpoint signed_sum (N K R j : nat) : Z :=
  match j with
  | O => 0
  | S i => signed_sum N K R i + power (-1) (S j) * choose K j * power (choose (R - j) K) N
  end.

Definition none_seen_twin (N K R : nat) : Z * Z := (power (choose (R - K) K) N, power (choose R K) N).

Definition some_unseen_twin (N K R : nat) : Z * Z := (signed_sum N K R K, power (choose R K) N).

Definition union_twin (N K R : nat) : Z * Z :=
  (Z.min (power (Z.of_nat R) N) (Z.of_nat K * power (Z.of_nat R - Z.of_nat K) N), power (Z.of_nat R) N).

(* Fractions with positive denominators are compared by cross multiplication. *)
Definition equal (p q : Z * Z) : bool := fst p * snd q =? fst q * snd p.
Definition below (p q : Z * Z) : bool := fst p * snd q <? fst q * snd p.
Definition proper (p : Z * Z) : bool := 0 <? snd p.

(* The exponent of the half-mean tail, -N K^2 / (2 R^2). *)
Definition half_mean_twin (N K R : nat) : Z * Z :=
  (- (Z.of_nat N * Z.of_nat K * Z.of_nat K), 2 * Z.of_nat R * Z.of_nat R).

(* The exponent of the union bound over the reals, -N K / R. *)
Definition exponential_twin (N K R : nat) : Z * Z := (- (Z.of_nat N * Z.of_nat K), Z.of_nat R).
