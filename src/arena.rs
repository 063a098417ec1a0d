//! The module's memory. A call allocates many small things and frees them all before it returns, so an allocation is
//! put behind the one before, and when the last one is freed the next is put at the start again.
//!
//! Invariant: what is between `next` and `end` is free memory of the module, and `start` is not behind `next`.
//! The general allocator of the C library took a tenth of the guest's time.
#![expect(unsafe_code, reason = "an allocator hands out memory")]

use std::alloc::{GlobalAlloc, Layout};
use std::arch::wasm32::memory_grow;
use std::cell::Cell;
use std::ptr::null_mut;

/// The bytes of a page of memory, as WebAssembly has it.
const PAGE: usize = 0x1_0000;

/// How many pages are asked for at least: as many as most requests need.
const LEAST: usize = 2;

#[global_allocator]
static ARENA: Arena = Arena { start: Cell::new(0), next: Cell::new(0), end: Cell::new(0), allocations: Cell::new(0) };

/// A stretch of memory, as addresses.
struct Arena {
    start: Cell<usize>,
    /// Where free memory begins.
    next: Cell<usize>,
    end: Cell<usize>,
    /// How many allocations are in use.
    allocations: Cell<usize>,
}

// SAFETY: the module has one thread.
unsafe impl Sync for Arena {}

// SAFETY: an allocation lies between `next` and `end`, and `next` is moved behind it. It goes back only to the start of
// the last allocation when that is freed, or to the start of all when none is in use.
unsafe impl GlobalAlloc for Arena {
    // One copy of this is called from everywhere: hundreds of copies would make the module larger.
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(block) = self.place(layout) else { return null_mut() };
        self.allocations.set(self.allocations.get() + 1);
        block as *mut u8
    }

    #[inline(never)]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let allocations = self.allocations.get() - 1;
        self.allocations.set(allocations);
        if allocations == 0 {
            self.next.set(self.start.get());
        } else if self.is_last(block, layout) {
            self.next.set(block as usize);
        }
    }

    #[inline(never)]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let next = self.next.get();
        if self.is_last(block, layout) {
            // Most lists grow while nothing else is allocated, and then stay where they are.
            self.next.set(block as usize);
        }
        // SAFETY: the caller sees to it that the size fits the alignment.
        let Some(new) = self.place(unsafe { Layout::from_size_align_unchecked(size, layout.align()) }) else {
            if self.next.get() == block as usize {
                self.next.set(next);
            }
            return null_mut();
        };
        if new != block as usize {
            // SAFETY: the block has this layout, as the caller says, and nothing was written to it meanwhile.
            unsafe { block.copy_to_nonoverlapping(new as *mut u8, layout.size().min(size)) };
        }
        new as *mut u8
    }
}

impl Arena {
    /// Takes free memory; gives nothing when the host has no more.
    fn place(&self, layout: Layout) -> Option<usize> {
        loop {
            let block = self.next.get().checked_next_multiple_of(layout.align())?;
            let next = block.checked_add(layout.size())?;
            if next <= self.end.get() {
                self.next.set(next);
                return Some(block);
            }
            self.grow(next - self.end.get())?;
        }
    }

    /// Has the host give the module at least so many bytes more.
    #[cold]
    #[inline(never)]
    fn grow(&self, bytes: usize) -> Option<()> {
        let pages = bytes.div_ceil(PAGE).max(LEAST);
        let before = memory_grow::<0>(pages);
        if before == usize::MAX {
            return None;
        }
        let start = before * PAGE;
        if start != self.end.get() {
            // Somebody else has grown the memory in between, or this is the first time: another stretch begins.
            self.start.set(start);
            self.next.set(start);
        }
        // The last page of all ends where addresses do.
        self.end.set(start.saturating_add(pages * PAGE));
        Some(())
    }

    fn is_last(&self, block: *mut u8, layout: Layout) -> bool {
        block as usize + layout.size() == self.next.get()
    }
}
