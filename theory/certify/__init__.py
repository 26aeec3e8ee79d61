"""Certificates: where a claim is a theorem, the machine checks its proof, step by numbered step.

>>> from theory.certify import certificates
>>> all(c.proved for c in certificates("coverage-half-mean"))
True

Every certificate names its claim, the page and number of the step in docs/proofs, what is proved, over which domain
and by which method: symbolic identities (SymPy), Sturm sequences, exact integers and rationals, exhaustive
enumeration, or ball arithmetic (Arb). Nothing is sampled. Mutants, near misses of the claims, run through the same
checks and must not be proved.

FLINT, SciPy and Matplotlib are loaded on use, never by ``import theory``.
"""

from theory.certify.certificate import Certificate, certificates, count_of_steps, document, mutants

__all__ = ["Certificate", "certificates", "count_of_steps", "document", "mutants"]
