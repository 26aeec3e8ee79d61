"""Tables of real facts and sentences that state them; knows no model."""
