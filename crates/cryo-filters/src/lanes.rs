//! Loops over 64 neighbouring values, compiled twice: for any processor, and for one with AVX2 and fused multiply-add.
//!
//! The processor decides at run time, once and for the whole process, so a result never depends on the number of threads;
//! between two machines it may differ in the last bit, because a fused product is rounded once instead of twice.

/// Values that one loop holds in registers: eight of 256 bits.
pub(crate) const LANES: usize = 64;

/// Declares a function whose body is compiled for both kinds of processor. `FMA` is known in the body.
macro_rules! for_each_processor {
    ($(#[$meta:meta])* $visibility:vis fn $name:ident($($argument:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block) => {
        $(#[$meta])*
        #[allow(unsafe_code)]
        $visibility fn $name($($argument: $type),*) $(-> $result)? {
            #[inline(always)]
            #[allow(clippy::extra_unused_type_parameters)]
            fn any<const FMA: bool>($($argument: $type),*) $(-> $result)? $body
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,fma")]
                fn fused($($argument: $type),*) $(-> $result)? {
                    any::<true>($($argument),*)
                }
                if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                    // SAFETY: `fused` needs nothing but AVX2 and FMA, and the processor was just asked for both.
                    return unsafe { fused($($argument),*) };
                }
            }
            any::<{ cfg!(target_arch = "aarch64") }>($($argument),*)
        }
    };
}
pub(crate) use for_each_processor;

/// `factor * value + sum`, rounded once where the processor can.
#[inline(always)]
pub(crate) fn add_product<const FMA: bool>(factor: f32, value: f32, sum: f32) -> f32 {
    if FMA {
        factor.mul_add(value, sum)
    } else {
        factor * value + sum
    }
}

/// The `LANES` values from `start`.
#[inline(always)]
pub(crate) fn lanes(values: &[f32], start: usize) -> &[f32; LANES] {
    values[start..start + LANES]
        .first_chunk()
        .expect("the slice has this length")
}

for_each_processor! {
    /// Whether all values are finite.
    pub(crate) fn all_finite(values: &[f32]) -> bool {
        const EXPONENT: u32 = 0x7f80_0000;
        let exponent = |value: &f32| value.to_bits() & EXPONENT;
        values.iter().map(exponent).fold(0, u32::max) < EXPONENT
    }
}
