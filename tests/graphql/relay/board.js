// A board as a web front end writes it for Relay; read by its compiler alone, never run.
graphql`
  query boardQuery($status: [TicketStatus!], $first: Int!) {
    viewer { roles }
    ...board_tickets @arguments(status: $status, first: $first)
  }
`;
graphql`
  fragment board_tickets on Query
  @argumentDefinitions(
    status: { type: "[TicketStatus!]" }
    first: { type: "Int", defaultValue: 10 }
    after: { type: "String" }
  )
  @refetchable(queryName: "boardTicketsPageQuery") {
    tickets(first: $first, after: $after, filter: { status: $status }) @connection(key: "board_tickets") {
      edges { node { id ...board_ticket } }
    }
  }
`;
graphql`
  fragment board_ticket on Ticket @refetchable(queryName: "boardTicketAgainQuery") {
    id ticketNumber title status priority createdAt
    currentAssignment { id status technician { id name } }
  }
`;
graphql`
  mutation boardCommentMutation($input: AddCommentInput!) {
    addComment(input: $input) { comment { id body } errors { __typename ... on UserError { code message } } changeId eventCursor }
  }
`;
graphql`
  subscription boardSubscription($filter: BoardFilter!, $after: EventCursor) {
    dispatchBoard(filter: $filter, after: $after) {
      __typename
      ... on TicketEvent { changeId cursor ticket { ...board_ticket } }
      ... on StreamReset { reason cursor }
    }
  }
`;
