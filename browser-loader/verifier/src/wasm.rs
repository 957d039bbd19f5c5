//! What the page calls.
//!
//! In: addresses and lengths of byte strings that the page has written. Out: an address of a digest,
//! or 1 and 0. The page reads and writes the memory; this file is the only one that does so here.

use core::arch::wasm32;
use core::slice;

const PAGE: usize = 64 << 10;

static mut DIGEST: [u8; 32] = [0; 32];

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    wasm32::unreachable()
}

/// Where the page may write `length` bytes: behind all that the module itself uses. What was written
/// before may be gone.
#[unsafe(no_mangle)]
pub extern "C" fn room(length: usize) -> usize {
    unsafe extern "C" {
        static __heap_base: u8;
    }
    let start = &raw const __heap_base as usize;
    let end = start.saturating_add(length);
    let have = wasm32::memory_size::<0>() * PAGE;
    if end > have && wasm32::memory_grow::<0>((end - have).div_ceil(PAGE)) == usize::MAX {
        wasm32::unreachable();
    }
    start
}

/// SHA-256; gives the address of its 32 bytes.
#[unsafe(no_mangle)]
pub extern "C" fn sha256(start: usize, length: usize) -> usize {
    let digest = crate::sha256(written(start, length));
    // SAFETY: there is one thread, and nobody holds a reference to it.
    unsafe { DIGEST = digest };
    &raw const DIGEST as usize
}

/// Key, signature and message, one behind the other: 1 when the signature is good.
#[unsafe(no_mangle)]
pub extern "C" fn verify(start: usize, length: usize) -> u32 {
    u32::from(crate::verify(written(start, length)))
}

/// What the page has written.
fn written<'a>(start: usize, length: usize) -> &'a [u8] {
    // SAFETY: `start` is what `room(length)` gave, so the bytes are inside the memory, belong to
    // nothing else here, and are not written while a function runs. Any other address of the memory
    // holds initialised bytes, too; one beyond it traps.
    unsafe { slice::from_raw_parts(start as *const u8, length) }
}
