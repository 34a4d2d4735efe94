use std::ops::{AddAssign, Neg};

macro_rules! measures {
    ($($(#[$doc:meta])* $name:ident),*) => {
        /// Numbers that add up. Money in minor units.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub(crate) struct Measures {
            $($(#[$doc])* pub(crate) $name: i64),*
        }

        /// Their names, which are those of the columns.
        pub(crate) const MEASURES: [&str; 12] = [$(stringify!($name)),*];

        impl Measures {
            pub(crate) const fn to_array(self) -> [i64; 12] {
                [$(self.$name),*]
            }

            pub(crate) const fn from_array(values: [i64; 12]) -> Self {
                let [$($name),*] = values;
                Self { $($name),* }
            }
        }

        impl AddAssign for Measures {
            fn add_assign(&mut self, other: Self) {
                $(self.$name += other.$name;)*
            }
        }

        impl Neg for Measures {
            type Output = Self;
            fn neg(self) -> Self {
                Self { $($name: -self.$name),* }
            }
        }
    };
}

measures! {
    /// Orders confirmed.
    orders,
    /// Confirmed orders that were cancelled.
    cancelled,
    units,
    /// Goods at list price; a tax's base in the tax report.
    gross,
    discounts,
    shipping,
    /// Added or contained.
    tax,
    /// What customers pay.
    total,
    refunds,
    /// Sold and never taken.
    released,
    /// Taken back by customers' banks.
    charged_back,
    /// Tax in refunds and in what was released.
    tax_back
}

impl Measures {
    pub(crate) fn is_zero(self) -> bool {
        self == Self::default()
    }

    /// What stays of the total.
    pub(crate) const fn net(self) -> i64 {
        self.total - self.refunds - self.released - self.charged_back
    }

    /// The tax that stays.
    pub(crate) const fn net_tax(self) -> i64 {
        self.tax - self.tax_back
    }
}
