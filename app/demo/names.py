"""Names that sound right and belong to nobody: every person and company here is invented."""

GIVEN = (
    "Anouk", "Bram", "Carlijn", "Daan", "Eline", "Femke", "Gijs", "Hanna", "Ilse", "Jasper",
    "Karim", "Lotte", "Milan", "Noor", "Olaf", "Pleun", "Quinten", "Roos", "Samir", "Teun",
    "Ursula", "Veerle", "Wout", "Xandra", "Yusuf", "Zoë", "Amira", "Bas", "Demi", "Emre",
    "Fleur", "Guus", "Hidde", "Imke", "Joris", "Kiki", "Levi", "Maud", "Niels", "Oona",
)  # fmt: skip

FAMILY = (
    "Aldermeer", "van Boskoten", "Crommelaer", "Duinvoort", "Eekhoven", "Fokkelaar", "de Grindt",
    "Heuvelink", "IJsbrook", "Jagtenberg", "van Kolderwijk", "Lindewaard", "Meerstra", "Noordveld",
    "Oosterkamp", "Plantenga", "Quist", "Rietdam", "Sluiskil", "Terwolde", "Uiterlo", "Veenhuis",
    "Wolfsdijk", "Yntema", "Zandstrook", "Boelens", "Demirbaş", "El Harouchi", "Karagöl", "Santosa",
)  # fmt: skip

BUSINESSES = (
    "Apartments", "Bakery", "Care Home", "Cold Store", "Conference Centre", "Dental Clinic",
    "Distribution", "Fleet Services", "Garden Centre", "Hotel", "Housing Association", "Library",
    "Logistics", "Museum", "Offices", "Parking", "Primary School", "Retail Park", "Sports Hall",
    "Swimming Pool", "Taxi", "Theatre", "Transport", "Water Works",
)  # fmt: skip

FLEETS = frozenset({"Distribution", "Fleet Services", "Logistics", "Taxi", "Transport"})

HOUSES = (
    "Zilverberk", "Oranjehof", "Kromme Haak", "Domzicht", "Lekbrug", "Eemstroom", "Witte Raaf",
    "Groenpoort", "Vaartzicht", "De Klinker", "Heidewiel", "Korenmaat", "Sterrenveld", "Blauwe Brug",
    "Merelhof", "Steenuil", "Linnenkast", "Waterwolf", "Molenwiek", "Kalverdijk", "Noorderlicht",
    "Rozenbocht", "Zwanenburcht", "Havikshorst", "Papaverhof", "Tuindorp Zuid", "Vlindertuin", "Oude Sluis",
)  # fmt: skip
