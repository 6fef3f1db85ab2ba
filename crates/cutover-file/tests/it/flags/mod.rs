mod broken;
mod by_hand;
mod contract;
mod keeping;
mod place;
mod processes;
mod watching;
