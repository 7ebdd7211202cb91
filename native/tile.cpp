// The hot kernels, for one instruction set and one real type.

#define SLICKEN_NAME_(set, real) slicken_placeholder_##set##_##real
#define SLICKEN_NAME(set, real) SLICKEN_NAME_(set, real)

typedef SLICKEN_REAL Vector __attribute__((vector_size(SLICKEN_VECTOR_BYTES)));

void SLICKEN_NAME(SLICKEN_ISA, SLICKEN_REAL)(Vector* sum, const Vector* one) { *sum += *one; }
