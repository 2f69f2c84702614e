mod crash;
mod protocol;
mod races;
mod speed;
