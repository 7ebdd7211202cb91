"""What all tests share; it also puts this folder on the path, for ``naive`` and ``builders``."""

import hypothesis

# The same examples every time; JAX compiles within the first one, so time says nothing.
hypothesis.settings.register_profile("slicken", deadline=None, derandomize=True)
hypothesis.settings.load_profile("slicken")
