"""Loss and gradients of a corpus: three back ends behind one protocol; measures nothing and moves nothing."""
