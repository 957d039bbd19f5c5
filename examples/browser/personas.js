// Prepared visitors: some of the shop's, with the same attributes.
// In: nothing. Out: names, what is special about them, and their contexts.

export const PERSONAS = [
  { name: "Mia", about: "Berlin, first visit", context: { targetingKey: "user-1001", email: "mia@mail.example", country: "DE", plan: "free", orders: 0 } },
  { name: "Jonas", about: "Vienna, member, new app", context: { targetingKey: "user-1002", email: "jonas@mail.example", country: "AT", plan: "plus", orders: 14, member_since: "2020-03-14T00:00:00Z", app: { version: "3.4.0" } } },
  { name: "Aiko", about: "Osaka, an old app", context: { targetingKey: "user-1003", email: "aiko@mail.example", country: "JP", plan: "free", orders: 3, app: { version: "v2.9.1" } } },
  { name: "Sam", about: "Portland, beta tester", context: { targetingKey: "user-1004", email: "Sam+Beta@mail.example", country: "US", plan: "plus", orders: 5, member_since: "2024-06-01T00:00:00Z" } },
  { name: "Priya", about: "London, buys for a company", context: { targetingKey: "user-1005", email: "priya@acme.example", country: "GB", plan: "business", orders: 41, roles: ["Buyer", "admin"], company: { id: "acme", seats: 250 } } },
  { name: "Eva", about: "works here, support", context: { targetingKey: "user-0007", email: "Eva@Fernweh.Example", country: "DE", plan: "plus", orders: 88, roles: ["staff", "Support"], member_since: "2019-01-01T00:00:00Z" } },
  { name: "Quinn", about: "QA, by override", context: { targetingKey: "user-qa-1", email: "qa@robots.example", country: "NL", plan: "free", orders: 1 } },
  { name: "Visitor", about: "no account, no key", context: { country: "SE" } },
];
