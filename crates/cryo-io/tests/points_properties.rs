//! What is written is read back, for any model, motive list and particles.

use cryo_core::{Grid, Particle, ParticleSet, VoxelPos, VoxelSize};
use cryo_io::{
    Frame, Frames, IndexBase, Picks, PicksOptions,
    em::{MotiveList, ROWS},
    imod::{
        Chunk, Contour, ContourHeader, Mesh, MeshHeader, Model, ModelPart, Object, ObjectHeader,
        ObjectPart,
    },
};
use proptest::prelude::*;

fn triple() -> impl Strategy<Value = [f32; 3]> {
    prop::array::uniform3(-1e6_f32..1e6)
}

/// Chunks that belong to whatever they follow.
fn chunks() -> impl Strategy<Value = Vec<Chunk>> {
    let data = prop::collection::vec(any::<u8>(), 0..9);
    let chunk = data.prop_map(|data| Chunk { id: *b"ZZ_1", data });
    prop::collection::vec(chunk, 0..3)
}

fn contour() -> impl Strategy<Value = ObjectPart> {
    let points = prop::collection::vec(triple(), 0..5);
    (points, any::<(u32, i32, i32)>(), chunks()).prop_map(
        |(points, (flags, time, surface), chunks)| {
            ObjectPart::Contour(Contour {
                header: ContourHeader {
                    flags,
                    time,
                    surface,
                },
                points,
                chunks,
            })
        },
    )
}

fn mesh() -> impl Strategy<Value = ObjectPart> {
    let vertices = prop::collection::vec(triple(), 0..4);
    let indices = prop::collection::vec(any::<i32>(), 0..6);
    (vertices, indices, any::<(u32, i16, i16)>(), chunks()).prop_map(
        |(vertices, indices, (flags, time, surface), chunks)| {
            ObjectPart::Mesh(Mesh {
                header: MeshHeader {
                    flags,
                    time,
                    surface,
                },
                vertices,
                indices,
                chunks,
            })
        },
    )
}

fn object() -> impl Strategy<Value = ModelPart> {
    let part = prop_oneof![contour(), mesh()];
    (
        "[a-z ]{0,70}",
        any::<u32>(),
        prop::collection::vec(part, 0..4),
    )
        .prop_map(|(name, flags, mut parts)| {
            let mut header = ObjectHeader::named(&name);
            header.flags = flags;
            let (id, data) = (*b"IMAT", vec![7; 16]);
            parts.push(ObjectPart::Chunk(Chunk { id, data }));
            ModelPart::Object(Object { header, parts })
        })
}

proptest! {
    #[test]
    fn any_model_round_trips(
        mut parts in prop::collection::vec(object(), 0..4),
        views in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..3),
        trailing in prop::collection::vec(any::<u8>(), 0..4),
    ) {
        for data in views {
            parts.push(ModelPart::Chunk(Chunk { id: *b"VIEW", data }));
        }
        let model = Model { parts, trailing, ..Model::default() };
        let bytes = model.to_bytes().expect("few items");
        prop_assert_eq!(Model::parse(&bytes).expect("ours"), model);
    }

    #[test]
    fn any_motive_list_round_trips(
        particles in prop::collection::vec(prop::collection::vec(-1e6_f32..1e6, ROWS), 0..6),
    ) {
        let particles: Vec<[f64; ROWS]> = particles
            .iter()
            .map(|rows| std::array::from_fn(|row| f64::from(rows[row])))
            .collect();
        let list = MotiveList { particles, transposed: false };
        let bytes = list.to_bytes().expect("few particles");
        prop_assert_eq!(MotiveList::parse(&bytes).expect("ours"), list);
    }

    #[test]
    fn any_position_comes_back_from_models_and_lists(
        x in -10.0..1100.0_f64,
        y in -10.0..1100.0_f64,
        z in -10.0..400.0_f64,
        voxel in 0.5..20.0_f64,
        base in prop_oneof![
            Just(None),
            Just(Some(IndexBase::Zero)),
            Just(Some(IndexBase::One)),
            Just(Some(IndexBase::Corner)),
        ],
    ) {
        let grid = Grid::of_unknown_extent(VoxelSize::new(voxel).expect("positive"));
        let position = VoxelPos::xyz(x, y, z);
        let mut set = ParticleSet::new("1", grid);
        set.items.push(Particle::at(position));
        let picks = Picks { sets: vec![set], extra: Vec::new() };
        let options = PicksOptions {
            frames: Frames::all(Frame::of(&grid)),
            index_base: base,
            ..PicksOptions::default()
        };
        let model = Model::from_picks(&picks, &options).expect("finite");
        let of_model = model.to_picks("1", &options).expect("ours");
        let list = MotiveList::from_picks(&picks, &options).expect("finite");
        let list = MotiveList::parse(&list.to_bytes().expect("one")).expect("ours");
        let of_list = list.to_picks(&options).expect("ours");
        for back in [of_model, of_list] {
            let off = back.sets[0].items[0].position.distance_to(position);
            // Half the distance of two f32 between 1024 and 2048, on three axes.
            prop_assert!(off <= 1.1e-4, "{off} voxels");
        }
    }
}
