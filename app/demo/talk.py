"""What people write on tickets and in their reasons."""

CUSTOMER_SAYS = (
    "Somebody is on site from eight to five. Please ring at the goods entrance.",
    "Is there a time already? We have to tell our tenants.",
    "It happened again this morning, at about half past seven.",
    "Please park behind the building; the front is closed this week.",
    "Thank you, that was quick.",
    "I have put photos in the lobby's folder, the reception can print them.",
    "The caretaker has the key to the plant room.",
    "Can this wait until after the weekend? We have an event on Saturday.",
)

DISPATCH_SAYS = (
    "We have received your report and are looking for the earliest visit.",
    "The technician will call half an hour before arrival.",
    "The visit is planned; you will see the technician's name here.",
    "The part has been ordered, we will come back as soon as it is here.",
    "We could not reach anyone on site. Which day would suit you?",
)

TECHNICIAN_SAYS = (
    "On my way, traffic permitting within the hour.",
    "Found the cause; it can be used again with care until the part is in.",
    "Please keep the area clear until I am back.",
    "Tested together with the caretaker, all in order.",
)

INTERNAL = (
    "Second report from this site in a month, worth a talk about a contract.",
    "Customer is annoyed, please call before you go.",
    "Access only with the site's own safety briefing, allow twenty minutes.",
    "The drawing in the folder is out of date, the isolator is behind the panel.",
    "Quoted price covers labour only.",
    "Take the long ladder, the plant room is on the roof.",
    "Warranty runs until the end of the year: photograph the type plate.",
    "Colleague was here in spring, see the earlier ticket for the wiring.",
)

SYSTEM_SAYS = (
    "Photo taken on arrival was added to the report.",
    "Visit confirmed by the customer through the link in the message.",
    "The remote monitor no longer reports a fault.",
)

REJECTIONS = (
    "Still busy on the previous site, will not make it today.",
    "No certificate for this make.",
    "The van is at the garage.",
    "Conflict of interest: I live in this building.",
)

ESCALATIONS = (
    "Fault comes back after every reset; needs someone who knows the controller.",
    "Requires access to the manufacturer's parameters.",
    "Two causes at once, beyond what I can measure.",
    "Wiring does not match any drawing.",
)

REASSIGNMENTS = (
    "Nearer to the site today.",
    "Swapped because of an urgent job elsewhere.",
    "Colleague has the part in the van.",
)

CANCELLATIONS = (
    "The customer put it off.",
    "It turned out to be a duplicate.",
    "Access is not possible this week.",
)

FAILURES = (
    "Could not reproduce the fault; it needs longer observation.",
    "Isolation was not possible during opening hours.",
)
