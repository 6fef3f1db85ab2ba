#![doc = include_str!("../README.md")]

pub mod catalog;
pub mod demo;
pub mod error;
pub mod implementation;
pub mod legacy;
pub mod modern;
pub mod profile;
pub mod source;

pub use error::DatasetError;
pub use implementation::Implementation;
pub use profile::Profile;
pub use source::{DatasetName, ProfileRequest, RegisterRequest};
