use bytemuck::Pod;
use half::f16;
use num_complex::Complex;

use super::{ByteOrder, Mode, Voxel, source::Source};
use crate::Error;

/// How the bytes of a row become numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decoder {
    pub(super) mode: Mode,
    pub(super) byte_order: ByteOrder,
    /// Whether 8-bit voxels are 0 to 255.
    pub(super) unsigned_bytes: bool,
    /// Whether the first of two 4-bit voxels is the upper half of the byte.
    pub(super) upper_half_first: bool,
}

/// A number that files are decoded into.
pub(super) trait Decoded: Voxel {
    /// Decodes one row, or in all modes but 4-bit any run of voxels.
    fn decode(decoder: &Decoder, bytes: &[u8], values: &mut [Self]);
}

impl Decoder {
    /// Whether the file holds `T` as this machine does.
    /// Whether the bytes of the file are the values in memory.
    pub(super) fn is_native<T: Voxel>(&self) -> bool {
        self.mode == T::MODE && (self.byte_order == ByteOrder::NATIVE || size_of::<T>() == 1)
    }

    /// Reads `values` from the bytes at `offset`; `scratch` is kept for the next call.
    ///
    /// 4-bit voxels must be a whole row.
    pub(super) fn read_run<T: Decoded>(
        &self,
        source: &Source,
        offset: u64,
        values: &mut [T],
        scratch: &mut Vec<u8>,
    ) -> Result<(), Error> {
        if self.is_native::<T>() {
            return source.read_at(offset, bytemuck::cast_slice_mut(values));
        }
        // The caller has checked that the whole array fits into memory.
        let length = self.mode.row_bytes(values.len()).unwrap_or(usize::MAX);
        scratch.resize(length, 0);
        source.read_at(offset, scratch)?;
        T::decode(self, scratch, values);
        Ok(())
    }

    fn each<N: Pod, T>(
        &self,
        bytes: &[u8],
        values: &mut [T],
        convert: impl Fn(N) -> T,
        swap: impl Fn(N) -> N,
    ) {
        let numbers = bytes.chunks_exact(size_of::<N>());
        let numbers = numbers.map(bytemuck::pod_read_unaligned::<N>);
        if self.byte_order == ByteOrder::NATIVE {
            values
                .iter_mut()
                .zip(numbers)
                .for_each(|(value, number)| *value = convert(number));
        } else {
            values
                .iter_mut()
                .zip(numbers)
                .for_each(|(value, number)| *value = convert(swap(number)));
        }
    }
}

impl Decoded for f32 {
    fn decode(decoder: &Decoder, bytes: &[u8], values: &mut [Self]) {
        match decoder.mode {
            Mode::Int8 if decoder.unsigned_bytes => {
                decoder.each::<u8, f32>(bytes, values, f32::from, |v| v);
            }
            Mode::Int8 => decoder.each::<i8, f32>(bytes, values, f32::from, |v| v),
            Mode::Int16 => decoder.each::<i16, f32>(bytes, values, f32::from, i16::swap_bytes),
            Mode::UInt16 => decoder.each::<u16, f32>(bytes, values, f32::from, u16::swap_bytes),
            Mode::Float32 => {
                decoder.each::<u32, f32>(bytes, values, f32::from_bits, u32::swap_bytes);
            }
            Mode::Float16 => decoder.each::<u16, f32>(
                bytes,
                values,
                |bits| f16::from_bits(bits).to_f32(),
                u16::swap_bytes,
            ),
            Mode::Packed4 => {
                for (index, value) in values.iter_mut().enumerate() {
                    let first = (index % 2 == 0) != decoder.upper_half_first;
                    let byte = bytes[index / 2];
                    *value = f32::from(if first { byte & 0x0f } else { byte >> 4 });
                }
            }
            // `Reader` refuses these before it comes here.
            Mode::ComplexInt16 | Mode::ComplexFloat32 => {
                debug_assert!(false, "complex voxels are no real numbers");
            }
        }
    }
}

impl Decoded for Complex<f32> {
    fn decode(decoder: &Decoder, bytes: &[u8], values: &mut [Self]) {
        if decoder.mode == Mode::ComplexInt16 {
            let widen = |v: Complex<i16>| Complex::new(f32::from(v.re), f32::from(v.im));
            decoder.each(bytes, values, widen, Voxel::swap_bytes);
        } else {
            decoder.each::<Complex<f32>, _>(bytes, values, |v| v, Voxel::swap_bytes);
        }
    }
}
