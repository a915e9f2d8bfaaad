//! Runs before a build: a file that comes or goes below `fixtures/` makes the package build anew.
//!
//! The macro that compiles the built-in fixtures in makes cargo watch the files that it found, not the folders.

fn main() {
    println!("cargo::rerun-if-changed=fixtures");
}
