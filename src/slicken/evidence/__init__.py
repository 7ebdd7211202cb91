"""Evidence: what a study shows, and how far it can be trusted."""
