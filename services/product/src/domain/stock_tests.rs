use super::*;
use crate::domain::terms::Terms;

fn variant() -> VariantId {
    VariantId::from(Uuid::from_u128(1))
}

fn at_home(on_hand: i32, reserved: i32, threshold: i32) -> Stock {
    let level = Level {
        on_hand,
        reserved,
        owed: 0,
    };
    Stock {
        shelves: vec![Shelf {
            location: home(),
            active: true,
            level,
        }],
        terms: Terms {
            threshold,
            ..Terms::default()
        },
    }
}

#[test]
fn corrections_never_take_what_is_held() {
    let level = Level {
        on_hand: 5,
        reserved: 3,
        owed: 0,
    };
    let correct = |correction| correct(variant(), home(), level, correction);
    assert_eq!(
        correct(Correction::Set(2)),
        Err(CorrectionError::BelowReserved)
    );
    assert_eq!(
        correct(Correction::Delta(-6)),
        Err(CorrectionError::OutOfRange)
    );
    assert_eq!(correct(Correction::Set(5)), Ok(None));
    let counted = correct(Correction::Counted(9)).unwrap().unwrap();
    assert_eq!((counted.kind, counted.on_hand), (Kind::Count, 4));
}

#[test]
fn staff_hear_once_that_little_is_left() {
    assert!(fell_low(&at_home(6, 0, 5), &at_home(6, 1, 5)));
    assert!(!fell_low(&at_home(5, 0, 5), &at_home(5, 1, 5)), "said once");
    assert!(
        fell_low(&at_home(6, 0, 5), &at_home(6, 0, 6)),
        "the threshold rose"
    );
}

#[test]
fn only_what_nobody_holds_is_moved() {
    let stock = at_home(5, 3, 0);
    let to = LocationId::from(Uuid::from_u128(2));
    assert_eq!(transfer(variant(), &stock, home(), to, 3), None);
    let [from, to] = transfer(variant(), &stock, home(), to, 2).unwrap();
    assert_eq!((from.on_hand, to.on_hand), (-2, 2));
}
