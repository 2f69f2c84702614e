mod crash;
mod kill;
mod protocol;
mod races;
mod speed;
mod users;
