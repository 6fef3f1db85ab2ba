mod broken;
mod by_hand;
mod contract;
mod history_trouble;
mod keeping;
mod place;
mod processes;
mod watching;
