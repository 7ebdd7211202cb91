"""Laws: rate-and-state friction with a spring in the loop, to be fitted to experiments."""
