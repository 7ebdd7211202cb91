"""Truth: the whole protocol over faults whose truth is known, and what it made of them."""
