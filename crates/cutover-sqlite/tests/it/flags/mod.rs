mod broken;
mod contract;
mod keeping;
mod place;
mod processes;
mod repairing;
mod watching;
