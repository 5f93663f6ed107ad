//! Tiles (C2SP tlog-tiles): 256 hashes of every eighth level of the tree, as files with fixed paths.

use super::tree::fold;
use super::{Hash, NodeId};

/// Hashes in a full tile.
pub const TILE_WIDTH: u64 = 256;

/// Levels of the tree that one tile spans.
const TILE_HEIGHT: u8 = 8;

/// One tile of a log of a certain size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tile {
    /// Tile level; its hashes are nodes of tree level `8 * level`.
    pub level: u8,
    /// Place among the tiles of its level.
    pub index: u64,
    /// Number of hashes, 1 to 256.
    pub width: u16,
}

impl Tile {
    /// The tile, as wide as a log of `size` leaves has it, that holds what `node` is made of; none when the node is
    /// not complete in such a log.
    pub fn of_node(node: NodeId, size: u64) -> Option<Self> {
        let level = node.level / TILE_HEIGHT;
        let inside = node.level % TILE_HEIGHT;
        let complete = size.checked_shr(u32::from(node.level))?;
        if node.index >= complete {
            return None;
        }
        let index = (node.index << inside) / TILE_WIDTH;
        Self::at(level, index, size)
    }

    /// The tile at this place, as wide as a log of `size` leaves has it; none when the log does not reach it.
    pub fn at(level: u8, index: u64, size: u64) -> Option<Self> {
        let hashes = size.checked_shr(u32::from(level) * u32::from(TILE_HEIGHT))?;
        let begin = index.checked_mul(TILE_WIDTH)?;
        let width = hashes.checked_sub(begin)?.min(TILE_WIDTH);
        (width > 0).then_some(Self {
            level,
            index,
            width: width as u16,
        })
    }

    /// The nodes its hashes are, in order.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        let level = self.level.saturating_mul(TILE_HEIGHT);
        let first = self.index.saturating_mul(TILE_WIDTH);
        (0..u64::from(self.width)).map(move |place| NodeId {
            level,
            index: first.saturating_add(place),
        })
    }

    /// The path of its hashes: `tile/<level>/<index>`, and `.p/<width>` behind it when it is partial.
    pub fn path(&self) -> String {
        format!("tile/{}/{}", self.level, self.place())
    }

    /// The path of the entry bundle beside a level 0 tile.
    pub fn entries_path(&self) -> String {
        format!("tile/entries/{}", self.place())
    }

    fn place(&self) -> String {
        let mut place = format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            place = format!("x{:03}/{place}", rest % 1000);
            rest /= 1000;
        }
        if u64::from(self.width) < TILE_WIDTH {
            place = format!("{place}.p/{}", self.width);
        }
        place
    }

    /// Computes the hash of `node` from the tile's bytes; none when the bytes have not this tile's width or the node
    /// lies elsewhere.
    pub fn hash_of(&self, node: NodeId, bytes: &[u8]) -> Option<Hash> {
        if bytes.len() != usize::from(self.width) * 32 || node.level / TILE_HEIGHT != self.level {
            return None;
        }
        let inside = node.level % TILE_HEIGHT;
        let first = self.index.checked_mul(TILE_WIDTH)?;
        let begin = node.index.checked_mul(1 << inside)?.checked_sub(first)?;
        let (begin, count) = (usize::try_from(begin).ok()?, 1usize << inside);
        let slice = bytes.get(begin.checked_mul(32)?..(begin + count).checked_mul(32)?)?;
        let (hashes, _) = slice.as_chunks::<32>();
        Some(perfect_root(hashes))
    }
}

/// The root of a perfect subtree, from its lowest nodes.
fn perfect_root(hashes: &[[u8; 32]]) -> Hash {
    match hashes {
        [only] => Hash(*only),
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            fold(&[perfect_root(left), perfect_root(right)])
        }
    }
}

/// What a path under `tile/` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TilePath {
    /// The hashes of a tile.
    Hashes(Tile),
    /// The entries beside a level 0 tile.
    Entries(Tile),
}

impl TilePath {
    /// Reads a path such as `tile/0/x001/x234/067` or `tile/entries/273.p/112`, in its one valid spelling only.
    pub fn parse(path: &str) -> Option<Self> {
        let (kind, place) = path.strip_prefix("tile/")?.split_once('/')?;
        let (place, width) = match place.split_once(".p/") {
            Some((place, width)) => (place, width.parse().ok()?),
            None => (place, TILE_WIDTH as u16),
        };
        let mut index = 0u64;
        for part in place.split('/') {
            let digits = part.strip_prefix('x').unwrap_or(part);
            index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
        }
        let level = match kind {
            "entries" => 0,
            level => level.parse().ok()?,
        };
        let tile = Tile {
            level,
            index,
            width,
        };
        let (asked, spelled) = match kind {
            "entries" => (Self::Entries(tile), tile.entries_path()),
            _ => (Self::Hashes(tile), tile.path()),
        };
        let possible = level <= LEVEL_MAX && width > 0 && u64::from(width) <= TILE_WIDTH;
        (possible && spelled == path).then_some(asked)
    }
}

/// The highest level of a tile: a log has fewer than 2^64 leaves.
const LEVEL_MAX: u8 = 7;

/// Puts entries into a bundle; none when one is longer than a length of 16 bits can say.
pub fn bundle<'e>(entries: impl Iterator<Item = &'e [u8]>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for entry in entries {
        let length = u16::try_from(entry.len()).ok()?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Some(bytes)
}

/// Splits an entry bundle into its entries (each with a 16-bit big-endian length before it); none when the lengths do
/// not add up.
pub fn bundle_entries(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut entries = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<2>()?;
        let (entry, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        rest = after;
    }
    Some(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::{Frontier, leaf_hash};
    use std::collections::HashMap;

    #[test]
    fn paths_are_those_of_the_specification() {
        let tile = |level, index, width| Tile {
            level,
            index,
            width,
        };
        assert_eq!(tile(0, 1_234_067, 256).path(), "tile/0/x001/x234/067");
        assert_eq!(tile(1, 0, 3).path(), "tile/1/000.p/3");
        assert_eq!(tile(0, 273, 112).entries_path(), "tile/entries/273.p/112");
    }

    #[test]
    fn a_path_has_one_spelling() {
        for path in [
            "tile/0/000",
            "tile/0/x001/x234/067",
            "tile/7/255",
            "tile/1/000.p/3",
            "tile/entries/273.p/112",
            "tile/entries/x001/000",
        ] {
            let spelled = match TilePath::parse(path) {
                Some(TilePath::Hashes(tile)) => tile.path(),
                Some(TilePath::Entries(tile)) => tile.entries_path(),
                None => panic!("{path}"),
            };
            assert_eq!(spelled, path);
        }
        for path in [
            "tile/0/0",
            "tile/00/000",
            "tile/+0/000",
            "tile/8/000",
            "tile/0/x000/001",
            "tile/0/001/000",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/03",
            "tile/0/000.p",
            "tile/0/",
            "tile/entries",
            "tile/-1/000",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
            "tile/0/../0",
        ] {
            assert_eq!(TilePath::parse(path), None, "{path}");
        }
    }

    #[test]
    fn a_bundle_is_read_back() {
        let long = vec![7; 65_535];
        let entries: Vec<&[u8]> = vec![b"a", b"", &long];
        let bytes = bundle(entries.iter().copied()).unwrap();
        assert_eq!(bundle_entries(&bytes), Some(entries));
        assert_eq!(bundle([vec![0; 65_536].as_slice()].into_iter()), None);
    }

    #[test]
    fn every_node_is_found_in_its_tile() {
        let size = 700;
        let mut nodes = Vec::new();
        let mut frontier = Frontier::default();
        for n in 0u32..size {
            frontier.append(leaf_hash(&n.to_be_bytes()), &mut nodes);
        }
        let known: HashMap<NodeId, Hash> = nodes.iter().copied().collect();
        for (node, hash) in nodes {
            let tile = Tile::of_node(node, u64::from(size)).unwrap();
            let bytes: Vec<u8> = (0..u64::from(tile.width))
                .map(|n| NodeId {
                    level: tile.level * 8,
                    index: tile.index * 256 + n,
                })
                .flat_map(|id| known[&id].0)
                .collect();
            assert_eq!(
                tile.hash_of(node, &bytes),
                Some(hash),
                "{node:?} in {tile:?}"
            );
        }
        assert_eq!(Tile::of_node(NodeId { level: 9, index: 1 }, 700), None);
    }

    #[test]
    fn a_bundle_that_ends_early_is_refused() {
        assert_eq!(
            bundle_entries(&[0, 1, 7, 0, 0]),
            Some(vec![&[7u8][..], &[]])
        );
        assert_eq!(bundle_entries(&[0, 2, 7]), None);
        assert_eq!(bundle_entries(&[0]), None);
    }
}
