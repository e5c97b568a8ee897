//! What both doors of Secure Secret stand on.
//!
//! - What is kept: [`store`], every way to a row, and [`crypto`], how what is in it is sealed.
//!   `bot` and `reveal-web` reach secrets only through the store and meet only in the database.
//! - What is said: [`text`], in English and French.
//! - How it is run: [`operate`].
//!
//! All of them stand on [`domain`]. Who may look at whom is held by `tests/wings.rs`.

pub mod crypto;
pub mod domain;
pub mod operate;
pub mod store;
pub mod text;
