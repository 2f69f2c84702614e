use super::*;
use prost::Message;

/// What an agent of 0.1.0 says first: protocol, version, capacity and one lease, as it lay on the wire.
const HELLO_OF_0_1_0: &[u8] = b"\x12\xcf\x01\x08\x01\x12\x050.1.0\x1a\x94\x01{\"slots\":2,\"resources\":{\"vcpu\":2,\"memory_mib\":4096},\"architecture\":\"x86_64\",\"labels\":{},\"privileged\":false,\"local_source\":false,\"executor\":\"docker\"}\"-\x0a'p1:00000000-0000-0000-0000-000000000007\x10\x01\x18\x02";

fn decoded(bytes: &[u8]) -> v1::AgentMessage {
    v1::AgentMessage::decode(bytes).unwrap()
}

/// A field that nobody knows: number 900, a string.
fn unknown() -> Vec<u8> {
    [&[0xa2, 0x38, 0x05][..], b"later"].concat()
}

#[test]
fn an_agent_of_an_older_release_is_understood() {
    let older = super::hello(decoded(HELLO_OF_0_1_0)).unwrap();
    assert_eq!((older.version.as_str(), older.capacity.slots, older.capacity.fleet), ("0.1.0", 2, None));
    assert_eq!((older.held.len(), older.held[0].epoch, older.ticket, older.instance), (1, 2, None, None));
}

#[test]
fn a_capacity_with_members_of_a_newer_release_is_understood() {
    let capacity = r#"{"slots":2,"resources":{"vcpu":2,"memory_mib":4096},"architecture":"x86_64","executor":"docker","cores":{"fast":7}}"#;
    let hello = v1::Hello { protocol: 1, capacity: capacity.into(), ..v1::Hello::default() };
    let message = v1::AgentMessage { number: 0, body: Some(agent_message::Body::Hello(hello)) };
    assert_eq!(super::hello(message).unwrap().capacity.slots, 2);
}

#[test]
fn fields_and_messages_that_are_not_known_are_passed_over() {
    let mut heartbeat = v1::Heartbeat { unhealthy: "disk".to_owned(), ..v1::Heartbeat::default() }.encode_to_vec();
    heartbeat.extend(unknown());
    let length = u8::try_from(heartbeat.len()).unwrap();
    let message = [&[0x1a, length][..], &heartbeat, &unknown()].concat();
    let Heard::Heartbeat(heard) = heard(decoded(&message)).unwrap() else { panic!("it is a heartbeat") };
    assert_eq!((heard.unhealthy.as_str(), heard.vitals, heard.holds), ("disk", None, None));
    // A numbered message of a later kind: acknowledged, and nothing is done.
    let message = decoded(&[&[0x08, 0x07][..], &unknown()].concat());
    assert_eq!(message.number, 7);
    assert!(matches!(super::heard(message).unwrap(), Heard::Nothing));
}

#[test]
fn another_protocol_is_refused_with_what_to_update() {
    for (protocol, update) in [(0, "update the agent"), (2, "update the coordinator")] {
        let hello = v1::Hello { protocol, ..v1::Hello::default() };
        let message = v1::AgentMessage { number: 0, body: Some(agent_message::Body::Hello(hello)) };
        let refused = super::hello(message).unwrap_err().to_string();
        assert!(refused.ends_with(update), "{refused}");
    }
}
