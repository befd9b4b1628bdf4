use half::f16;
use num_complex::Complex;

use super::Mode;

mod sealed {
    pub trait Sealed: bytemuck::Pod + Send + Sync {}
}

/// A number that a file can hold as it is: `i8`, `i16`, `u16`, `f16`, `f32`, and complex `i16`, `f32`.
pub trait Voxel: sealed::Sealed {
    /// The mode that holds it.
    const MODE: Mode;

    /// The number with its bytes the other way round, each part of a complex one by itself.
    #[must_use]
    fn swap_bytes(self) -> Self;

    /// The number, exactly; of a complex one the real part.
    #[must_use]
    fn to_f32(self) -> f32;

    /// The imaginary part of a complex number.
    #[must_use]
    fn imaginary(self) -> f32 {
        0.0
    }
}

macro_rules! voxel {
    ($($number:ty: $mode:ident, $swap:expr, $real:expr;)*) => {$(
        impl sealed::Sealed for $number {}
        impl Voxel for $number {
            const MODE: Mode = Mode::$mode;
            fn swap_bytes(self) -> Self {
($swap)(self)
            }
            fn to_f32(self) -> f32 {
    ($real)(self)
            }
        }
    )*};
}

voxel! {
    i8: Int8, |value| value, f32::from;
    i16: Int16, i16::swap_bytes, f32::from;
    u16: UInt16, u16::swap_bytes, f32::from;
    f32: Float32, swap_f32, |value| value;
    f16: Float16, |value: f16| f16::from_bits(value.to_bits().swap_bytes()), f32::from;
}

fn swap_f32(value: f32) -> f32 {
    f32::from_bits(value.to_bits().swap_bytes())
}

impl sealed::Sealed for Complex<f32> {}
impl Voxel for Complex<f32> {
    const MODE: Mode = Mode::ComplexFloat32;

    fn swap_bytes(self) -> Self {
        Self::new(swap_f32(self.re), swap_f32(self.im))
    }

    fn to_f32(self) -> f32 {
        self.re
    }

    fn imaginary(self) -> f32 {
        self.im
    }
}

impl sealed::Sealed for Complex<i16> {}
impl Voxel for Complex<i16> {
    const MODE: Mode = Mode::ComplexInt16;

    fn swap_bytes(self) -> Self {
        Self::new(self.re.swap_bytes(), self.im.swap_bytes())
    }

    fn to_f32(self) -> f32 {
        f32::from(self.re)
    }

    fn imaginary(self) -> f32 {
        f32::from(self.im)
    }
}
