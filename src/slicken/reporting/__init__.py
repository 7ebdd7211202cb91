"""Report: the figures of a study and a page that holds them."""
