/** The people of the staged pictures: real ids and addresses, of keys that nobody has. */

const CAST = {
  You: ["12D3KooWDUQqicZPS3sGFrM6uzAmedJCp2VcVmV3vC9FgZNXjb6L", "2ju2FfoULNvDqGP3xTN5MvQFFzTX3fYZNygssWaMosd5SV5XpwFUdpAXCVrfT"],
  Ada: ["12D3KooWJqfUK1dUFqnJVdEUo1a7fMui69TLTPh3Gb5Jf5pFtftD", "3BpfSRfWcpTdPJYWtnQr483GadLw23Qgeq9vEJkF6pCkUs14bmskBHcinUei9"],
  Bela: ["12D3KooWCsnHvSMCBSNTsEeu6ftRgA5V4LDg9tSN7bWoBf1VoKJC", "2h1j5QsxqvLST2yCzHsVuCbjoQEQsFAViFMAk3noKNXJVAHuhGb7GRhbYgGzv"],
  Cy: ["12D3KooWKXLGehDEFzGEMq3LdMvNGcqBEvKUabPFEGgp4ErdY1kx", "3F8JTkNunyj3PWhrwBkvh8mGnM2qzTkJg3EeMpqido38CUhmDkF1FEajRKqZS"],
  Dora: ["12D3KooWL22jW96RR5zyzRM6L6b9UgpA5MFUS85VpA9ge9FP1kEf", "3HWwPCWSXHxGh8eQAXBU5nXqe1JA6ByqDTYsVHs34QJefDc4B9CzFXXTdKKvP"],
  Eve: ["12D3KooWLJZfAuCWzafuGP7UzNoAiooKLXMQYhv4M4vnfZowd83u", "3JtotqvZ1ubLYcFa7mCfF7pNSTWLEjVivuwzH7TXRgKkmccZETowTYK6QoUiu"],
  Kim: ["12D3KooWAuYeNs8K7x3y2EMkaLbtFGuHqbup3Eav4uv8upMZdsH8", "2XVryA9qc3uXKxWqFhfzu6VmozpwubS6dSqG2TF14ZkyS1UyzKDiG1JfSM2ef"],
  Lou: ["12D3KooWLUYSp1o7uR1kCczDDoaJoss7muaftmYBix1hrPVp931m", "3Kj1ymzd67GX2Gdy29ujNo7PNG5Mojo8GW72wHQhQsCkUR5avRBZZhGNoM24y"],
  Mara: ["12D3KooWBCQpuvyTbyh1mXtFS4czr9GbBjVMArdMYzjiTfkZawCy", "2YuLWKi5gRKMK3UwYkTCzTj58xa8kqJUPsYDyyffwWqHrYGUzCcht3r8dbVzK"],
  Nils: ["12D3KooWF6yA2EGRib3cWTkipeZqWuKYMbF75HSzQ9WNqWAM2JkL", "2smpezcuLpSDsRXsD1cp7EDvqNHtqjr8SA4T7aqrkWWDVQAGeyCR2kU89R9Qs"],
  Oona: ["12D3KooWJbjHCrzAMGcGXznWAjKQ3FyafrCfVkjwh9NTpEg7nm8m", "3AfM7aXgykQKpi6PKW1YNXy4Lisobqku49rxTrW9aKnGE7ZVzZxQztHqM8DgJ"],
  Piet: ["12D3KooWHhSzSsNRx5zbQGEH5yEeZ5Nsyo7dDqhqtZtGckAk2XYk", "36JnJkV7Paov5oa9xwUe6agPB5Se4zbYwrnrdRL5ZFL5YHSnBFY7uc7wiuJhz"],
} as const;

export type Member = keyof typeof CAST;

export const idOf = (member: Member): string => CAST[member][0];
export const addressOf = (member: Member): string => CAST[member][1];
