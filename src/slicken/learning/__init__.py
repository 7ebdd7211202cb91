"""Learning: from experiments to a trained ensemble."""
