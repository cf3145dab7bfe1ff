use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn money_is_exact_and_normalising_twice_changes_nothing(minor in any::<i64>(), which in 0_usize..4) {
        let (currency, decimals) = [("CNY", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4)][which];
        let amount = mortise_types::money::format_minor(i128::from(minor), decimals);
        let value = json!({"amount": amount, "currency": currency});
        let once = accepted(&field("money"), value.clone());
        prop_assert_eq!(&once, &value);
        let one_more = json!({"amount": format!("{amount}{}0", if decimals == 0 { "." } else { "" }), "currency": currency});
        prop_assert!(normalise(&field("money"), &one_more).is_err());
    }

    #[test]
    fn normalising_is_idempotent(text in "\\PC{0,20}", number in any::<i64>()) {
        for ty in ["str", "text", "user", "dec", "date", "instant", "window", "ref(any)", "list<str>", "map", "int"] {
            for value in [json!(text), json!(number), json!([text]), json!({"k": text})] {
                if let Ok(once) = normalise(&field(ty), &value) {
                    prop_assert_eq!(accepted(&field(ty), once.clone()), once);
                }
            }
        }
    }
}
